"""What of a Responses input becomes prompt: bytes of text, media by their own measure, and what lies elsewhere."""

import base64
import struct

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.dialect import Media
from farthing.wire.openai.responses import ResponsesDialect
from support.responses_wire import asked

read = ResponsesDialect().read
PNG = (
    "data:image/png;base64,"
    + base64.b64encode(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 480)).decode()
)
PDF = "data:application/pdf;base64," + base64.b64encode(b"%PDF << /Type /Page >>").decode()


def facts(*items, **fields):
    return read(asked(input=list(items), **fields)).asked


def parts(*content):
    return facts({"role": "user", "content": list(content)})


def test_a_string_a_message_and_parts_count_alike():
    assert facts({"role": "user", "content": "häß"}).text_bytes == 5
    assert parts({"type": "input_text", "text": "häß"}).text_bytes == 5
    assert read(asked(input="häß", instructions="ü")).asked.text_bytes == 7


def test_an_earlier_answer_counts():
    answer = [
        {"type": "output_text", "text": "abc", "annotations": [{"type": "url_citation"}]},
        {"type": "refusal", "refusal": "no"},
    ]
    assert facts({"type": "message", "role": "assistant", "id": "m", "content": answer}).text_bytes == 5


def test_the_texts_are_those_that_were_counted():
    made = read(asked(instructions="sys", text={"format": {"type": "text"}}))
    assert list(made.texts()) == ["sys", '{"type":"text"}', "Hello"]
    assert made.asked.text_bytes == sum(map(len, made.texts()))


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"type": "function_call", "call_id": "c", "name": "find", "arguments": '{"q":"ä"}'}, 4 + 10),
        ({"type": "custom_tool_call", "call_id": "c", "name": "run", "input": "abc"}, 6),
        ({"type": "function_call_output", "call_id": "c", "output": "abc"}, 3),
        ({"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "abc"}]}, 3),
        ({"type": "custom_tool_call_output", "call_id": "c", "output": "abcd"}, 4),
        ({"type": "reasoning", "summary": [{"type": "summary_text", "text": "ab"}], "encrypted_content": "xyz"}, 5),
        ({"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "ab"}]}, 2),
    ],
)
def test_calls_results_and_reasoning_count_with_their_texts(item, size):
    asks = facts(item)
    assert (asks.text_bytes, asks.pointers) == (size, ())


@pytest.mark.parametrize(
    "kind", ["local_shell_call", "apply_patch_call", "web_search_call", "mcp_call", "something_new"]
)
def test_any_other_item_counts_with_all_its_json(kind):
    assert facts({"type": kind, "id": "x", "content": "x" * 500}).text_bytes > 500


@pytest.mark.parametrize(
    ("item", "pointer"),
    [
        ({"type": "item_reference", "id": "msg_1"}, "input[0].id"),
        ({"id": "msg_1"}, "input[0].id"),
        ({"type": "reasoning", "id": "rs_1", "summary": []}, "input[0].id"),
    ],
)
def test_an_item_that_openai_holds_is_a_pointer(item, pointer):
    assert facts(item).pointers == (pointer,)


def test_an_image_is_measured_in_pixels_and_never_as_text():
    asks = parts({"type": "input_image", "image_url": PNG, "detail": "low"})
    assert asks.text_bytes == 0
    assert asks.media[0] == Media(kind="image", bytes=24, width=640, height=480, detail="low")


@pytest.mark.parametrize("given", [{"image_url": "https://x/y.png"}, {"file_id": "file_1"}])
def test_an_image_elsewhere_has_unknown_pixels_and_no_pointer(given):
    asks = parts({"type": "input_image", "detail": "high", **given})
    assert (asks.media, asks.pointers) == ((Media(kind="image", detail="high"),), ())


def test_a_computers_screenshot_is_an_image():
    output = {"type": "computer_screenshot", "image_url": PNG}
    assert facts({"type": "computer_call_output", "call_id": "c", "output": output}).media[0].width == 640


def test_an_image_the_model_made_is_seen_again_as_an_image():
    item = {"type": "image_generation_call", "id": "ig", "status": "completed", "result": PNG.partition(",")[2]}
    asks = facts(item)
    assert (asks.media[0].width, asks.text_bytes) == (640, 0)


def test_a_pdf_is_measured_in_pages():
    asks = parts({"type": "input_file", "filename": "a.pdf", "file_data": PDF})
    assert (asks.media[0].pages, asks.text_bytes, asks.pointers) == (1, 5, ())


@pytest.mark.parametrize(("given", "key"), [
    ({"file_id": "f"}, "file_id"), ({"file_url": "u"}, "file_url"),
    ({"file_data": "data:application/vnd.openxmlformats;base64,UEsDBBQ="}, "file_data"),
])  # fmt: skip
def test_a_file_that_cannot_be_measured_is_a_pointer(given, key):
    asks = parts({"type": "input_file", **given})
    assert asks.pointers == (f"input[0].content[0].{key}",)
    assert asks.media[0].kind == "document"


def test_a_text_file_costs_no_more_tokens_than_its_bytes():
    encoded = base64.b64encode(b"x" * 3000).decode()
    plain = parts({"type": "input_file"} | {"file_data": "data:text/csv;base64,"})
    asks = parts({"type": "input_file", "file_data": f"data:text/csv;base64,{encoded}"})
    assert asks.overhead_tokens - plain.overhead_tokens == 3000
    assert (asks.pointers, asks.media) == ((), ())


def test_audio_is_measured_in_bytes():
    asks = parts({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}})
    assert asks.media == (Media(kind="audio", bytes=3),)


def test_variables_of_a_stored_prompt_count():
    variables = {
        "city": "Oslo",
        "note": {"type": "input_text", "text": "abc"},
        "pic": {"type": "input_image", "image_url": PNG},
    }
    asks = read(asked(prompt={"id": "pmpt_1", "variables": variables})).asked
    assert asks.text_bytes == len("Oslo" + "abc" + "Hello")
    assert asks.media[0].width == 640


def test_tools_that_come_as_input_are_tools():
    asks = facts({"type": "additional_tools", "role": "developer", "tools": [{"type": "code_interpreter"}]})
    assert asks.uncapped == ("input[0].tools[0]",)


def test_a_compaction_runs_the_model_once_more():
    assert facts({"type": "compaction_trigger"}).uncapped == ("input[0]",)


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"role": "user"}, ".content"),
        ({"role": 5, "content": "x"}, ".role"),
        ({"type": 5}, ".type"),
        ({"role": "user", "content": ["x"]}, ".content[0]"),
        ({"role": "user", "content": [{"type": "input_text"}]}, ".content[0].text"),
        ({"role": "user", "content": [{"text": "x"}]}, ".content[0].type"),
        ({"role": "user", "content": [{"type": "input_image", "image_url": 5}]}, ".content[0].image_url"),
        ({"role": "user", "content": [{"type": "input_audio"}]}, ".content[0].input_audio"),
        ({"type": "function_call", "arguments": "{}"}, ".name"),
        ({"type": "function_call", "name": "f", "arguments": {}}, ".arguments"),
        ({"type": "function_call_output"}, ".output"),
        ({"type": "reasoning", "summary": "x"}, ".summary"),
        ({"type": "item_reference"}, ".id"),
        ({}, ".id"),
    ],
)
def test_a_malformed_item_is_refused_by_its_path(item, field):
    with pytest.raises(BadRequest) as refused:
        facts(item)
    assert refused.value.field == f"input[0]{field}"
