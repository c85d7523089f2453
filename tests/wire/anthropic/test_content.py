"""What of Anthropic's content becomes prompt: bytes of text, media by their own measure, and what lies elsewhere."""

import base64
import struct

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.dialect import Media
from support.messages_wire import asked

read = MessagesDialect().read
PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 480) + b"\x00" * 30_000
).decode()
PDF = base64.b64encode(b"%PDF-1.4 << /Type /Pages /Count 2 >> << /Type /Page >> << /Type /Page >>").decode()


def draft(*blocks, **fields):
    return read(asked(messages=[{"role": "user", "content": list(blocks)}], **fields))


def bytes_of(*blocks, **fields) -> int:
    return draft(*blocks, **fields).asked.text_bytes


def test_text_is_counted_in_utf8_bytes():
    assert bytes_of({"type": "text", "text": "häß"}) == 5
    assert read(asked(system="Größe", messages=[{"role": "user", "content": "ü"}])).asked.text_bytes == 7 + 2


def test_the_texts_are_those_that_were_counted():
    made = read(asked(system=[{"type": "text", "text": "sys"}], tools=[{"name": "t", "input_schema": {}}]))
    assert list(made.texts()) == ['{"name":"t","input_schema":{}}', "sys", "Hello, Claude"]
    assert sum(len(text.encode()) for text in made.texts()) == made.asked.text_bytes


def test_thinking_counts_with_its_signature_and_redacted_thinking_with_its_data():
    assert bytes_of({"type": "thinking", "thinking": "hm", "signature": "abcd"}) == 6
    assert bytes_of({"type": "redacted_thinking", "data": "abcdefg"}) == 7
    assert bytes_of({"type": "compaction", "content": "short", "encrypted_content": "long"}) == 9
    assert bytes_of({"type": "compaction", "content": None}) == 0


def test_a_call_counts_with_its_name_and_arguments():
    call = {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"q": "ä"}}
    assert bytes_of(call) == len("find") + len('{"q":"ä"}'.encode())


def test_a_call_with_more_parameters_has_more_template_around_it():
    few = draft({"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}).asked.overhead_tokens
    many = draft({"type": "tool_use", "id": "1", "name": "f", "input": dict.fromkeys("abcd", 1)}).asked.overhead_tokens
    assert many > few


def test_a_result_counts_whether_it_is_a_string_or_blocks():
    as_text = {"type": "tool_result", "tool_use_id": "t1", "content": "abc"}
    as_blocks = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "abc"}]}
    assert bytes_of(as_text) == bytes_of(as_blocks) == 5
    assert bytes_of({"type": "tool_result", "tool_use_id": "t1"}) == 2


def test_an_image_is_measured_in_pixels_and_never_as_text():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    asks = draft(image).asked
    assert asks.text_bytes == 0
    (media,) = asks.media
    assert (media.kind, media.width, media.height) == ("image", 640, 480)
    assert media.bytes == 30_024


@pytest.mark.parametrize("source", [{"type": "url", "url": "https://x/y.png"}, {"type": "file", "file_id": "file_1"}])
def test_an_image_elsewhere_has_unknown_pixels_and_no_pointer(source):
    asks = draft({"type": "image", "source": source}).asked
    assert (asks.media, asks.pointers) == ((Media(kind="image"),), ())


def test_an_image_inside_a_tool_result_is_found():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    asks = draft({"type": "tool_result", "tool_use_id": "t", "content": [image]}).asked
    assert asks.media[0].width == 640
    assert asks.text_bytes == 1


def test_a_pdf_is_measured_in_pages():
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    asks = draft({"type": "document", "source": source, "title": "T", "context": "ctx"}).asked
    assert (asks.media[0].kind, asks.media[0].pages, asks.pointers) == ("document", 2, ())
    assert asks.text_bytes == 4


def test_a_pdf_whose_pages_cannot_be_counted_is_bounded_by_the_window():
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    assert draft({"type": "document", "source": source}).asked.pointers == ("messages[0].content[0].source.data",)


def test_a_text_document_counts_as_text():
    assert bytes_of({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "abc"}}) == 3
    inner = {"type": "content", "content": [{"type": "text", "text": "abcd"}]}
    assert bytes_of({"type": "document", "source": inner}) == 4


@pytest.mark.parametrize(
    ("source", "key"), [({"type": "file", "file_id": "f"}, "file_id"), ({"type": "url", "url": "u"}, "url")]
)
def test_a_document_elsewhere_is_a_pointer(source, key):
    asks = draft({"type": "document", "source": source}).asked
    assert asks.pointers == (f"messages[0].content[0].source.{key}",)
    assert asks.media == (Media(kind="document"),)


def test_a_file_for_the_container_is_a_pointer():
    assert draft({"type": "container_upload", "file_id": "f"}).asked.pointers == ("messages[0].content[0].file_id",)


def test_a_search_result_counts_with_its_title_and_source():
    block = {"type": "search_result", "title": "ab", "source": "cd", "content": [{"type": "text", "text": "ef"}]}
    assert bytes_of(block) == 6


def test_a_fetched_pdf_is_measured_in_pages():
    document = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}}
    fetched = {"type": "web_fetch_result", "url": "https://x", "content": document}
    asks = draft({"type": "web_fetch_tool_result", "tool_use_id": "t", "content": fetched}).asked
    assert asks.media[0].pages == 2
    assert asks.text_bytes == len("https://x")


@pytest.mark.parametrize("kind", ["web_search_tool_result", "code_execution_tool_result", "something_new"])
def test_any_other_block_counts_with_all_its_json(kind):
    block = {"type": kind, "content": [{"encrypted_content": "x" * 500}]}
    assert bytes_of(block) > 500


def test_a_tool_that_is_added_in_between_is_a_tool():
    tool = {"type": "tool_definition", "definition": {"type": "code_execution_20250825", "name": "code_execution"}}
    asks = draft({"type": "tool_addition", "tool": tool}).asked
    assert asks.uncapped == ("messages[0].content[0].tool.definition",)


def test_an_output_schema_counts():
    schema = {"type": "json_schema", "schema": {"type": "object"}}
    for fields in ({"output_config": {"format": schema}}, {"output_format": schema}):
        plain, shaped = draft().asked, draft(**fields).asked
        assert shaped.text_bytes - plain.text_bytes == len('{"type":"json_schema","schema":{"type":"object"}}')
        assert shaped.overhead_tokens > plain.overhead_tokens + 500


@pytest.mark.parametrize(
    ("block", "field"),
    [
        ("text", ""),
        ({"text": "x"}, ".type"),
        ({"type": "text"}, ".text"),
        ({"type": "text", "text": 5}, ".text"),
        ({"type": "image"}, ".source"),
        ({"type": "image", "source": {}}, ".source.type"),
        ({"type": "image", "source": {"type": "base64", "data": 5}}, ".source.data"),
        ({"type": "document", "source": {"type": "text"}}, ".source.data"),
        ({"type": "document", "source": {"type": "content", "content": 5}}, ".source.content"),
        ({"type": "tool_use", "input": {}}, ".name"),
        ({"type": "tool_result", "content": "x"}, ".tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}, ".content[0].text"),
        ({"type": "thinking", "thinking": 5}, ".thinking"),
        ({"type": "container_upload"}, ".file_id"),
        ({"type": "text", "text": "x", "cache_control": {"ttl": "2h"}}, ".cache_control.ttl"),
        ({"type": "text", "text": "x", "cache_control": "yes"}, ".cache_control"),
    ],
)
def test_a_malformed_block_is_refused_by_its_path(block, field):
    with pytest.raises(BadRequest) as refused:
        draft(block)
    assert refused.value.field == f"messages[0].content[0]{field}"
