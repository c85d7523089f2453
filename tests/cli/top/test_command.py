"""`farthing top`: one frame for scripts, and a live view that pauses, sorts, waits for its gateway and ends."""

import pytest
from rich.console import Console

from farthing.cli.top.command import Watching, watch
from farthing.cli.top.frame import Busy, Frame, Spend
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.money import usd
from support.filled_store import PAID, fill
from support.shell import asked_json, invoke


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path / "farthing.db")


class Feed:
    """Frames as they are told, one after the other; None is a gateway that is away."""

    def __init__(self, *frames):
        self.frames = list(frames)
        self.reads = 0

    def read(self):
        self.reads += 1
        frame = self.frames[min(self.reads, len(self.frames)) - 1]
        if frame is None:
            raise LedgerUnavailable("it does not answer")
        return frame


class Keys:
    """Keys as they are told; then q."""

    def __init__(self, *pressed):
        self.pressed = list(pressed)

    def wait(self, seconds):
        assert seconds > 0
        return self.pressed.pop(0) if self.pressed else "q"


def a_frame(at_ms=1_000, busy=()):
    return Frame(at_ms=at_ms, source="here", now=Spend(), hour=Spend(nanos=at_ms), today=Spend(), busy={"run": busy})


def drawn(watching):
    console = Console(width=100, no_color=True)
    with console.capture() as captured:
        console.print(watching.shown(100))
    return captured.get()


def test_one_frame_for_scripts(store):
    assert "burning $" in invoke("top", "--once").output
    shown = asked_json("top")
    assert shown["last_hour"]["cost_usd"] == usd(PAID.nanos)
    assert shown["calls"][-1]["call"] == store.paid


def test_without_a_store_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "farthing serve" in invoke("top", "--once", code=69).stderr
    assert "does not answer" in invoke("top", "--once", "--url", "127.0.0.1:9", code=69).stderr


def test_a_gateway_that_restarts_is_waited_for_and_its_last_frame_stays():
    watching = Watching(Feed(a_frame(1_000_000_000), None, a_frame(2_000_000_000)))
    watching.look()
    watching.look()
    assert "waiting: it does not answer" in drawn(watching)
    assert "$1 in" in drawn(watching)
    watching.look()
    assert "waiting" not in drawn(watching)
    assert "$2 in" in drawn(watching)


def test_one_that_was_never_there_is_waited_for_too():
    watching = Watching(Feed(None))
    watching.look()
    assert drawn(watching).startswith("waiting: it does not answer")


def test_p_pauses_and_s_sorts():
    busy = (Busy(name="dear", calls=1, tokens=1, nanos=9), Busy(name="many", calls=9, tokens=1, nanos=1))
    feed = Feed(a_frame(busy=busy))
    watching = Watching(feed)
    watching.look()
    assert drawn(watching).index("dear") < drawn(watching).index("many")
    assert watching.press("s")
    assert drawn(watching).index("many") < drawn(watching).index("dear")
    assert watching.press("p")
    watching.look()
    assert feed.reads == 1
    assert "paused" in drawn(watching)
    assert not watching.press("q")


def test_it_goes_on_until_q():
    feed = Feed(a_frame())
    watch(feed, Keys("s", "p", "p"), 0.5)
    assert feed.reads == 1


def test_it_rests_in_proportion_to_its_work():
    """A frame that took a second is followed by 25 seconds of rest."""
    moments = iter([0.0, 1.0, 1.0, 1.0])
    waits = []

    class Watched(Keys):
        def wait(self, seconds):
            waits.append(seconds)
            return "q"

    watch(Feed(a_frame()), Watched(), 2.0, clock=lambda: next(moments))
    assert waits == [25.0]
