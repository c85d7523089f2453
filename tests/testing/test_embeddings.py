"""Embeddings."""

import base64
import math
import struct

import pytest

from farthing.testing.embeddings import vector
from farthing.testing.tokens import encode
from support.simulated import post

PATH = "/v1/embeddings"


def body(**more):
    return {"model": "text-embedding-3-small", "input": "where is my order", **more}


def likeness(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_vectors_have_length_one_and_repeat():
    one = vector(encode("where is my order"), 256)
    assert math.isclose(math.hypot(*one), 1.0)
    assert one == vector(encode("where is my order"), 256)


def test_like_words_give_like_vectors():
    one, near, far = (
        vector(encode(text), 1_536) for text in ("where is my order", "where is my parcel", "bake five loaves")
    )
    assert likeness(one, near) > 0.5 > likeness(one, far) + 0.3


@pytest.mark.parametrize(
    ("given", "vectors"),
    [("one text", 1), (["one", "two"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2)],
)
def test_every_form_of_input_is_taken(provider, given, vectors):
    answer = post(provider, PATH, body(input=given)).json()
    assert [item["index"] for item in answer["data"]] == list(range(vectors))
    assert (
        answer["usage"]["prompt_tokens"]
        == answer["usage"]["total_tokens"]
        == provider.bill.entries[0].usage.input_tokens
    )


@pytest.mark.parametrize("given", ["", [], [""], {"a": 1}, ["x"] * 2_049])
def test_empty_and_endless_input_is_refused(provider, given):
    answer = post(provider, PATH, body(input=given))
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "input")


def test_dimensions_and_encoding_are_kept(provider):
    plain = post(provider, PATH, body(dimensions=64)).json()["data"][0]["embedding"]
    packed = post(provider, PATH, body(dimensions=64, encoding_format="base64")).json()["data"][0]["embedding"]
    assert len(plain) == 64
    assert struct.unpack("64f", base64.b64decode(packed)) == pytest.approx(plain)


def test_the_large_model_has_larger_vectors(provider):
    answer = post(provider, PATH, body(model="text-embedding-3-large")).json()
    assert len(answer["data"][0]["embedding"]) == 3_072


def test_embeddings_bill_input_only(provider):
    post(provider, PATH, body())
    entry = provider.bill.entries[0]
    assert (entry.usage.input_tokens, entry.usage.output_tokens, entry.dialect) == (4, 0, "openai-embeddings")
