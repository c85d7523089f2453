"""The keeper: texts are redacted before anything is written, and no call ever waits or fails for them."""

import json
import threading

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.stores.content_keeper import MOST_BYTES, ContentKeeper, KeepRules, Taken
from farthing.stores.memory.content import MemoryContents

BODY = b'{"messages":[{"role":"user","content":"I am ann@example.com"}]}'


def taken(call=1, request=BODY, answer=b'{"said":"hello ann@example.com"}', *, streamed=False, at_ms=1_000):
    return Taken(call, at_ms, request, answer, streamed)


@pytest.fixture
def keeper():
    made = ContentKeeper(MemoryContents(), KeepRules(), lambda: 1_000)
    yield made
    made.close()


class Broken(MemoryContents):
    """A place that fails."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def put(self, contents):
        raise self.error


class Slow(MemoryContents):
    """A place that writes only when it is let."""

    def __init__(self):
        super().__init__()
        self.go = threading.Event()

    def put(self, contents):
        self.go.wait(5)
        super().put(contents)


def test_both_texts_are_kept_as_redaction_left_them(keeper):
    keeper.keep(taken())
    assert keeper.flush()
    found = keeper.contents.of(1)
    assert json.loads(found.request)["messages"][0]["content"] == "I am [email]"
    assert json.loads(found.answer) == {"said": "hello [email]"}
    assert (found.redacted, found.cut, keeper.kept, keeper.dropped) == (2, False, 1, 0)


def test_what_is_spread_over_the_pieces_of_a_stream_is_found(keeper):
    events = [{"choices": [{"delta": {"content": piece}}]} for piece in ("ann@", "exam", "ple.com")]
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    keeper.keep(taken(answer=body, streamed=True))
    assert keeper.flush()
    assert json.loads(keeper.contents.of(1).answer) == [{"kind": "content", "text": "[email]"}]


def test_a_long_text_is_cut_after_redaction_and_says_so(keeper):
    keeper.adopt(KeepRules(text_bytes=40))
    keeper.keep(taken(request=json.dumps({"a": "é" * 100}).encode()))
    assert keeper.flush()
    found = keeper.contents.of(1)
    assert found.cut
    assert len(found.request.encode()) <= 40


def test_a_body_too_large_to_redact_is_dropped_and_counted(keeper):
    keeper.keep(taken(request=b"x" * (MOST_BYTES + 1)))
    assert keeper.flush()
    assert (keeper.kept, keeper.dropped) == (0, 1)


def test_when_too_much_waits_further_texts_are_dropped():
    slow = Slow()
    keeper = ContentKeeper(slow, KeepRules(), lambda: 1_000)
    for number in range(12):
        keeper.keep(taken(number, request=b'"' + b"x y " * 800_000 + b'"'))
    assert keeper.dropped > 0
    slow.go.set()
    assert keeper.flush(60), "it is much to redact, and other tests run beside this one"
    keeper.close()
    assert keeper.kept + keeper.dropped == 12


@pytest.mark.parametrize("error", [LedgerUnavailable("the disk is full"), RuntimeError("ours")])
def test_a_place_that_fails_costs_its_texts_and_nothing_else(error):
    keeper = ContentKeeper(Broken(error), KeepRules(), lambda: 1_000)
    keeper.keep(taken())
    assert keeper.flush()
    keeper.keep(taken(2))
    assert keeper.flush()
    assert (keeper.kept, keeper.dropped) == (0, 2)
    keeper.close()


def test_what_is_too_old_goes_by_itself(keeper):
    keeper.adopt(KeepRules(for_ms=500))
    keeper.keep(taken(1, at_ms=100))
    assert keeper.flush()
    assert keeper.contents.of(1) is None


def test_what_waits_is_written_before_it_closes(keeper):
    for number in range(100):
        keeper.keep(taken(number))
    keeper.close()
    assert keeper.kept == 100
    keeper.keep(taken(100))
    assert keeper.dropped == 1


@pytest.mark.parametrize(
    ("match", "labels", "wants"),
    [
        ((), (), True),
        ((("team", "a"),), (("team", "a"), ("user", "x")), True),
        ((("team", "a*"),), (("team", "abc"),), True),
        ((("team", "a"),), (("team", "b"),), False),
        ((("team", "a"),), (), False),
    ],
)
def test_whose_texts_are_kept_is_told_by_labels(match, labels, wants):
    assert KeepRules(match=match).wants(labels) is wants
