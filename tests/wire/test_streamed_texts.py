"""A streamed answer reads as its whole texts, in every dialect; malformed events cost their own text only."""

import json

from hypothesis import given
from hypothesis import strategies as st

from farthing.wire.streamed_texts import streamed_texts


def stream(*events):
    return (
        b"".join(b"event: x\ndata: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"
    )


def told(*events):
    return [(said.kind, said.text) for said in streamed_texts(stream(*events))]


def chat(index=0, **delta):
    return {"choices": [{"index": index, "delta": delta}]}


def test_chat_pieces_of_one_choice_are_one_text():
    found = told(chat(content="ann@"), chat(1, content="other"), chat(content="example.com"), {"choices": []})
    assert found == [("content", "ann@example.com"), ("content", "other")]


def test_chat_calls_of_tools_are_told_apart():
    def call(index, **function):
        return chat(tool_calls=[{"index": index, "function": function}])

    found = told(call(0, name="find", arguments='{"q":'), call(1, name="send"), call(0, arguments='"x"}'))
    assert found == [("name", "find"), ("arguments", '{"q":"x"}'), ("name", "send")]


def test_messages_blocks_are_one_text_each():
    found = told(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "name": "send"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
    )
    assert found == [("text", "Hello"), ("name", "send"), ("partial_json", "{}")]


def test_responses_items_are_one_text_each():
    found = told(
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "a"},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "b"},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{}"},
        {"type": "response.completed", "response": {}},
    )
    assert found == [("output_text", "ab"), ("function_call_arguments", "{}")]


@given(st.binary(max_size=200))
def test_whatever_comes_is_no_error(noise):
    good = stream(chat(content="kept"))
    found = streamed_texts(noise.replace(b"data:", b"") + b"\n\n" + good)
    assert ("content", "kept") in [(said.kind, said.text) for said in found]


def test_texts_thoughts_and_calls_of_gemini_are_put_together():
    def chunk(*parts):
        return (
            b"data: " + json.dumps({"candidates": [{"index": 0, "content": {"parts": list(parts)}}]}).encode() + b"\n\n"
        )

    body = chunk({"text": "hm", "thought": True}) + chunk({"text": "Hel"}) + chunk({"text": "lo"})
    body += (
        chunk({"functionCall": {"name": "f", "args": {}}}) + b'data: {"candidates":[5,{"content":{"parts":[5]}}]}\n\n'
    )
    found = [(said.kind, said.text) for said in streamed_texts(body)]
    assert found == [("text", "hm"), ("text", "Hello"), ("functionCall", '{"name":"f","args":{}}')]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda v: st.dictionaries(
            st.sampled_from(["choices", "delta", "index", "type", "tool_calls", "function", "content"]),
            v | st.lists(v, max_size=2),
            max_size=3,
        ),
    )
)
def test_no_shape_of_an_event_is_an_error(event):
    streamed_texts(b"data: " + json.dumps(event).encode() + b"\n\n")
