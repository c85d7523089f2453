"""The text bound is sound: every string that reaches the prompt is counted, base64 never is."""

import base64
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.errors import BadRequest
from farthing.wire.gathered import Gathered
from farthing.wire.openai.chat_prompt import cache_mark, gather_prompt
from farthing.wire.openai.models import said_by

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + b"\x08\x02" + b"\x00" * 5_000
GIF = b"GIF89a" + struct.pack("<HH", 20, 10) + b"\x00" * 100


def gather(messages: object, model: str = "gpt-4o", **more: object) -> Gathered:
    found = Gathered()
    gather_prompt(found, {"messages": messages, **more}, said_by(model))
    return found


def user(*parts: dict) -> list[dict]:
    return [{"role": "user", "content": list(parts)}]


def data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def refused(messages: object, **more: object) -> str:
    with pytest.raises(BadRequest) as caught:
        gather(messages, **more)
    return caught.value.field


MESSAGES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"role": st.sampled_from(["user", "system", "developer"]), "content": st.text()}, optional={"name": st.text()}),
        st.fixed_dictionaries({"role": st.just("user"), "content": st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": st.text()}))}),
        st.fixed_dictionaries({"role": st.just("tool"), "content": st.text(), "tool_call_id": st.text()}),
        st.fixed_dictionaries(
            {
                "role": st.just("assistant"),
                "content": st.none() | st.text(),
                "tool_calls": st.lists(
                    st.fixed_dictionaries(
                        {"id": st.text(), "type": st.just("function"), "function": st.fixed_dictionaries({"name": st.text(), "arguments": st.text()})}
                    )
                ),
            },
            optional={"reasoning_content": st.text(), "refusal": st.text(), "reasoning_details": st.lists(st.dictionaries(st.text(), st.text()))},
        ),
    ),
    min_size=1,
    max_size=5,
)  # fmt: skip


def strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [each for inner in value for each in strings(inner)]
        case dict():
            return [each for inner in value.values() for each in strings(inner)]
        case _:
            return []


@given(
    MESSAGES,
    st.lists(
        st.fixed_dictionaries({"type": st.just("function"), "function": st.dictionaries(st.text(), st.text())}),
        max_size=2,
    ),
)
def test_no_string_of_the_prompt_escapes_the_count(messages: list, tools: list) -> None:
    found = gather(messages, tools=tools)
    content = [
        part.get("text") if isinstance(part, dict) else part
        for message in messages
        for part in (message.get("content") or ())
    ]
    least = sum(len(each.encode()) for each in strings(messages) if each != "text") + sum(
        map(len, map(str.encode, strings(tools)))
    )
    assert found.bytes() >= least
    assert found.bytes() == sum(len(text.encode()) for text in found.texts())
    assert found.bytes() <= len(json.dumps([messages, tools], ensure_ascii=False).encode())
    assert all("".join(found.texts()).count(text) for text in content if text)


def test_each_message_has_its_own_bytes() -> None:
    found = gather([{"role": "system", "content": "é"}, {"role": "user", "content": "abc"}], tools=[])
    assert found.message_bytes() == [8, 7]


def test_c12_images_are_sized_by_their_header_and_never_counted_as_base64_text() -> None:
    found = gather(
        user(
            {"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": data_url("image/png", PNG), "detail": "low"}},
            {"type": "image_url", "image_url": data_url("image/gif", GIF)},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        )
    )
    png, gif, remote = found.media
    assert (png.width, png.height, png.detail, png.kind) == (640, 480, "low", "image")
    assert abs(png.bytes - len(PNG)) <= 3
    assert (gif.width, gif.height) == (20, 10)
    assert (remote.width, remote.bytes) == (0, 0)
    assert not found.pointers
    assert found.bytes() == len("userlook")


def test_audio_and_files_are_media_and_what_lies_elsewhere_is_a_pointer() -> None:
    pdf = (
        b"%PDF-1.4\n1 0 obj<</Type/Pages/Count 2/Kids[]>>endobj 2 0 obj<</Type/Page>>endobj 3 0 obj<</Type/Page>>endobj"
    )
    found = gather(
        [
            *user(
                {"type": "input_audio", "input_audio": {"data": "A" * 4_000, "format": "wav"}},
                {"type": "file", "file": {"file_data": data_url("application/pdf", pdf), "filename": "a.pdf"}},
                {"type": "file", "file": {"file_id": "file-1"}},
                {"type": "file", "file": {"file_data": "https://example.org/a.pdf"}},
                {"type": "video_url", "video_url": {"url": "https://example.org/a.mp4"}},
            ),
            {"role": "assistant", "content": None, "audio": {"id": "audio_1"}},
        ]
    )
    audio, document = found.media
    assert (audio.kind, audio.bytes) == ("audio", 3_000)
    assert (document.kind, document.pages) == ("document", 2)
    assert found.pointers == [
        "messages[0].content[2].file.file_id",
        "messages[0].content[3].file.file_data",
        "messages[0].content[4]",
        "messages[1].audio.id",
    ]


def test_the_template_is_bounded_by_messages_parts_and_tools() -> None:
    one = gather([{"role": "user", "content": "a"}]).overhead
    two = gather([{"role": "user", "content": "a"}] * 2).overhead
    tool = {"type": "function", "function": {"name": "f"}}
    assert one >= 3 + 3 + 1  # the cookbook's three to prime the reply, three a message, one a name
    assert two - one >= 4
    assert gather([{"role": "user", "content": "a"}], tools=[tool]).overhead - one >= 12 + 12
    assert gather([{"role": "user", "content": "a"}], model="gpt-oss-20b").overhead - one >= 70
    assert gather(user({"type": "text", "text": "a"})).overhead > one


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([1], "messages[0]"),
        ([{"content": "x"}], "messages[0].role"),
        ([{"role": 1, "content": "x"}], "messages[0].role"),
        ([{"role": "user", "content": {}}], "messages[0].content"),
        ([{"role": "user", "content": 1}], "messages[0].content"),
        (user("x"), "messages[0].content[0]"),
        (user({}), "messages[0].content[0].type"),
        (user({"type": "text"}), "messages[0].content[0].text"),
        (user({"type": "text", "text": 1}), "messages[0].content[0].text"),
        (user({"type": "image_url"}), "messages[0].content[0].image_url"),
        (user({"type": "image_url", "image_url": {}}), "messages[0].content[0].image_url.url"),
        (user({"type": "input_audio", "input_audio": {}}), "messages[0].content[0].input_audio.data"),
        (user({"type": "file", "file": []}), "messages[0].content[0].file"),
        (user({"type": "text", "text": "x", "cache_control": 1}), "messages[0].content[0].cache_control"),
    ],
)
def test_a_malformed_message_names_its_path(messages: list, field: str) -> None:
    assert refused(messages) == field


def test_a_malformed_tool_names_its_path() -> None:
    assert refused([{"role": "user", "content": "x"}], tools=[{"type": "function"}, "x"]) == "tools[1]"


def test_marks_of_a_cache_have_their_time_to_live() -> None:
    assert cache_mark({}) == ""
    assert cache_mark({"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}) == "5m"
    assert cache_mark({"cache_control": {"type": "ephemeral"}}) == "5m"
    assert cache_mark({"cache_control": {"type": "ephemeral", "ttl": "1h"}}) == "1h"
