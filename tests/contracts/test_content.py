"""What every place for content promises, held against each backend."""

import msgspec
import pytest

from farthing.ports.content import Content
from farthing.stores.memory.content import MemoryContents
from farthing.stores.sqlite.content import SqliteContents


@pytest.fixture(params=["memory", "sqlite"])
def contents(request, tmp_path):
    found = MemoryContents() if request.param == "memory" else SqliteContents(tmp_path / "farthing.content.db")
    yield found
    found.close()


def texts(call, at_ms=1_000, **more):
    return Content(call=call, at_ms=at_ms, request='{"a":"€"}', answer="[]", **more)


def test_nothing_is_there_before_something_is_put(contents):
    assert contents.of(1) is None
    assert contents.drop_before(9_999) == 0
    assert contents.drop((1, 2)) == 0


def test_what_was_put_comes_back(contents):
    kept = texts(1, redacted=3, cut=True)
    contents.put((kept, texts(2)))
    assert contents.of(1) == kept
    assert contents.of(3) is None


def test_the_later_texts_of_a_call_replace_the_earlier(contents):
    contents.put((texts(1),))
    contents.put((msgspec.structs.replace(texts(1), answer='["x"]'),))
    assert contents.of(1).answer == '["x"]'


def test_what_is_older_goes_and_the_rest_stays(contents):
    contents.put(tuple(texts(number, at_ms=number) for number in range(1, 1_201)))
    assert contents.drop_before(1_001) == 1_000
    assert contents.of(1_000) is None
    assert contents.of(1_001) is not None


def test_single_calls_are_forgotten_once(contents):
    contents.put((texts(1), texts(2)))
    assert contents.drop((1, 1, 7)) == 1
    assert contents.of(1) is None
    assert contents.of(2) is not None
