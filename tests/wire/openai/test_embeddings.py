"""Embeddings: text or token numbers in, input tokens billed, nothing to cap or stream."""

import json

import pytest

from farthing.domain.errors import BadRequest
from farthing.domain.usage import Usage
from farthing.wire.openai.embeddings import EmbeddingsDialect, EmbeddingsDraft

EMBEDDINGS = EmbeddingsDialect()


def raw(given: object = "hi", **more: object) -> bytes:
    return json.dumps({"model": "text-embedding-3-small", "input": given, **more}, separators=(",", ":")).encode()


def read(given: object = "hi", **more: object) -> EmbeddingsDraft:
    return EMBEDDINGS.read(raw(given, **more))


@pytest.mark.parametrize(
    ("given", "size", "inputs"),
    [("é", 2, 1), (["a", "bc"], 3, 2), ([1, 2, 3], 3, 1), ([[1, 2], [3]], 3, 2), (["a", [7, 8]], 3, 2), ("", 0, 1)],
)
def test_every_form_of_input_is_bounded(given: object, size: int, inputs: int) -> None:
    draft = read(given)
    assert draft.asked.text_bytes == size == sum(len(text.encode()) for text in draft.texts())
    assert draft.asked.overhead_tokens == 3 * inputs
    assert (draft.asked.cap, draft.asked.stream) == (0, False)


@pytest.mark.parametrize("given", [None, [], {}, 5, [None], [{}], [[]], [1, "a"], [True], [[1.5]], [["a"]]])
def test_any_other_input_is_refused_by_name(given: object) -> None:
    with pytest.raises(BadRequest) as caught:
        read(given)
    assert caught.value.field.startswith("input")


def test_a_model_is_needed_and_a_stream_is_refused() -> None:
    for more, field in (({"model": ""}, "model"), ({"stream": True}, "stream"), ({"user": 1}, "user")):
        with pytest.raises(BadRequest) as caught:
            read(**more)
        assert caught.value.field == field
    with pytest.raises(AssertionError):
        read().stream()


def test_the_body_goes_out_as_it_came_but_for_the_model() -> None:
    body = raw(dimensions=256, encoding_format="base64", user="u")
    draft = EMBEDDINGS.read(body)
    assert draft.outbound(model="text-embedding-3-small", cap=0) == body
    assert draft.outbound(model="other", cap=5) == body.replace(b"text-embedding-3-small", b"other")
    assert draft.asked.attribution == (("user", "u"),)


def test_the_skeleton_is_one_message_without_words() -> None:
    skeleton = read(["secret", "words"]).skeleton(b"key")
    (shape,) = skeleton.messages
    assert (shape.role, shape.bytes, skeleton.text_bytes) == ("input", 11, 11)
    assert shape.digest == read(["secret", "words"]).skeleton(b"key").messages[0].digest
    assert shape.digest != read("secret").skeleton(b"key").messages[0].digest


def test_an_answer_bills_its_prompt_tokens() -> None:
    body = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.1, -0.2]}],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }
    found = EMBEDDINGS.answered(json.dumps(body).encode())
    assert found.usage == Usage(input_tokens=8)
    assert (found.model, found.flaw, found.failed) == ("text-embedding-3-small", "", "")
    del body["usage"]
    assert EMBEDDINGS.answered(json.dumps(body).encode()).usage is None


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (b'{"usage":{"prompt_tokens":0,"total_tokens":0}}', "zero prompt tokens"),
        (b'{"usage":{"prompt_tokens":"8"}}', "cannot be read"),
        (b"no", "cannot be read"),
        (b'{"model":"\xff"}', "cannot be read"),
    ],
)
def test_what_cannot_be_believed_is_no_usage(body: bytes, flaw: str) -> None:
    found = EMBEDDINGS.answered(body)
    assert found.usage is None
    assert flaw in found.flaw


def test_a_200_with_an_error_is_a_failure() -> None:
    assert EMBEDDINGS.answered(b'{"error":{"type":"server_error"}}').failed == "server_error"


def test_errors_are_in_openais_form() -> None:
    assert json.loads(EMBEDDINGS.error(status=400, message="no", field="input"))["error"]["param"] == "input"
    assert (EMBEDDINGS.name, EMBEDDINGS.format) == ("openai-embeddings", "openai")
