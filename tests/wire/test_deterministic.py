"""Whose answers may be kept: temperature 0, in every dialect, and nothing that lives elsewhere."""

import pytest

from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.deterministic import is_deterministic
from farthing.wire.openai.chat import ChatDialect
from farthing.wire.openai.embeddings import EmbeddingsDialect
from farthing.wire.openai.responses import ResponsesDialect
from farthing.wire.strict import write

SAID = [{"role": "user", "content": "Hello"}]
BODIES = [
    (ChatDialect(), {"model": "m", "messages": SAID}),
    (ResponsesDialect(), {"model": "m", "input": "Hello"}),
    (MessagesDialect(), {"model": "m", "max_tokens": 5, "messages": SAID}),
]


@pytest.mark.parametrize(("dialect", "body"), BODIES, ids=lambda each: getattr(each, "name", ""))
@pytest.mark.parametrize(("more", "kept"), [({}, False), ({"temperature": 0}, True), ({"temperature": 0.2}, False)])
def test_every_dialect_tells_it_in_its_skeleton(dialect, body, more, kept):
    assert dialect.read(write({**body, **more})).skeleton(b"k").deterministic is kept


def test_embeddings_are_the_same_every_time():
    body = write({"model": "m", "input": "Hello"})
    assert EmbeddingsDialect().read(body).skeleton(b"k").deterministic is True


def test_what_lives_elsewhere_may_be_another_thing_tomorrow():
    body = write({"model": "m", "input": "Hello", "temperature": 0, "previous_response_id": "resp_1"})
    assert ResponsesDialect().read(body).skeleton(b"k").deterministic is False
    assert is_deterministic({"temperature": 0.0}, ()) is True
    assert is_deterministic({"temperature": False}, ()) is False
