"""Limits of runs that are over: who gives up its place, when, and that nothing that still limits a call is let go."""

import asyncio
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from farthing.config.engine import wall_ms
from farthing.domain.budget import Budget
from farthing.domain.errors import LedgerUnavailable
from farthing.gateway.admin.run_releases import ORPHANS_KEPT_MS, limits_among, release, release_what_is_over, stored_as
from farthing.guard.lifecycle import Runs
from support.admin import admin, bearer, chat, refused
from support.gateway import running_gateway, write_config

KEYS = """
[[keys]]
name = "a"
secret = "fk_a_secret_of_sixteen"
labels = { team = "a" }
may_set = ["run", "run.1"]
max_values = 3
rights = ["call", "runs"]
[[keys]]
name = "b"
secret = "fk_b_secret_of_sixteen"
may_set = ["run", "run.1"]
rights = ["call", "runs"]
[[keys]]
name = "parts"
secret = "fk_parts_secret_of_sixteen"
may_set = ["run.1"]
rights = ["call", "runs"]
[[keys]]
name = "bound"
secret = "fk_bound_secret_of_sixteen"
labels = { run = "one" }
may_set = ["run.1"]
rights = ["call", "runs"]
[[keys]]
name = "boss"
secret = "fk_boss_secret_of_sixteen"
rights = ["admin", "call"]
"""


class Clock:
    """The time of a gateway, ahead of the world's by as much as a test says."""

    ahead_ms = 0

    def __call__(self):
        return wall_ms() + self.ahead_ms


@contextmanager
def keyed(folder, clock=wall_ms):
    with running_gateway(write_config(folder, "http://127.0.0.1:9", KEYS), clock=clock) as gateway:
        yield gateway


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def gateway(tmp_path, clock):
    with keyed(tmp_path, clock) as running:
        yield running


def key(name):
    return bearer(f"fk_{name}_secret_of_sixteen")


def put(gateway, run, *, whose="a", label="run", name=None, **more):
    body = {"run": run, "limits": {"calls": "1"}, **more}
    return admin(gateway, "PUT", f"/run-budgets/{label}/{name or run}", body, **key(whose))


def stored(gateway):
    return {each.name for each in gateway.engine.directory.load().budgets}


def let_go(gateway, **more):
    return asyncio.run_coroutine_threadsafe(release(gateway.engine, **more), gateway.loop).result(30)


def test_orphans_keep_their_limits_for_an_hour_and_ended_runs_do_not(gateway, clock):
    put(gateway, "crashed", heartbeat_seconds=1)
    put(gateway, "crashed", label="run.1", name="part", heartbeat_seconds=1)
    put(gateway, "lives")
    put(gateway, "ended", whose="b")
    admin(gateway, "POST", "/runs/ended/end", **key("b"))
    clock.ahead_ms = 60_000
    assert let_go(gateway) == 1
    assert stored(gateway) == {"run crashed of a", "run.1 part of a", "run lives of a"}
    assert chat(gateway, **key("a"), x_farthing_labels="run=crashed").json()["error"]["code"] == "run_orphaned"
    clock.ahead_ms = ORPHANS_KEPT_MS + 5_000
    assert let_go(gateway) == 2
    assert stored(gateway) == {"run lives of a"}
    assert chat(gateway, **key("a"), x_farthing_labels="run=crashed").json()["error"]["code"] == "run_ended"
    assert let_go(gateway) == 0
    entries = admin(gateway, "GET", "/audit?by=farthing", **key("boss"))["events"]
    assert {(entry["action"], entry["subject"]) for entry in entries} == {
        ("run.end", "crashed"),
        ("budget.remove", "run crashed of a"),
        ("budget.remove", "run.1 part of a"),
        ("budget.remove", "run ended of b"),
    }


def test_an_orphan_that_beats_again_has_its_limits(gateway, clock):
    put(gateway, "asleep", heartbeat_seconds=1)
    clock.ahead_ms = 60_000
    admin(gateway, "POST", "/runs/heartbeats", {"runs": ["asleep"]}, **key("a"))
    clock.ahead_ms = ORPHANS_KEPT_MS + 5_000
    assert let_go(gateway) == 0
    assert stored(gateway) == {"run asleep of a"}


def test_a_key_whose_programs_crash_all_the_time_goes_on(gateway, clock):
    for turn in range(10):
        put(gateway, f"crash-{turn}", heartbeat_seconds=1)
        clock.ahead_ms += 4_000
    assert stored(gateway) == {f"run crash-{turn} of a" for turn in (7, 8, 9)}, "the longest untouched give up theirs"
    shown = admin(gateway, "GET", "/run-budgets/run/crash-0?units=calls", **key("a"))
    assert shown["accounts"]["calls"]["limit"] is None, "what it counted stays; its limit is gone"


def test_a_key_with_as_many_living_runs_as_it_may_is_refused(gateway):
    for turn in range(3):
        put(gateway, f"lives-{turn}", heartbeat_seconds=60)
    body = {"run": "more", "limits": {"calls": "1"}}
    assert "3 budgets" in refused(gateway, "PUT", "/run-budgets/run/more", body, status=409, **key("a"))["message"]
    admin(gateway, "POST", "/runs/lives-1/end", **key("a"))
    put(gateway, "room")
    assert stored(gateway) == {"run lives-0 of a", "run lives-2 of a", "run room of a"}


def test_the_room_of_another_key_is_none_of_its_business(gateway, clock):
    put(gateway, "theirs", whose="b", heartbeat_seconds=1)
    clock.ahead_ms = 60_000
    for turn in range(3):
        put(gateway, f"lives-{turn}", heartbeat_seconds=60)
    body = {"run": "more", "limits": {"calls": "1"}}
    refused(gateway, "PUT", "/run-budgets/run/more", body, status=409, **key("a"))
    assert "run theirs of b" in stored(gateway)


def test_the_end_of_a_run_takes_what_its_dead_parts_left(gateway):
    put(gateway, "whole", heartbeat_seconds=60)
    put(gateway, "whole", label="run.1", name="part-of-a-dead-child")
    put(gateway, "whole", whose="b", label="run.1", name="of-another-key")
    admin(gateway, "DELETE", "/run-budgets/run/whole", **key("a"))
    assert stored(gateway) == {"run.1 of-another-key of b"}, "the calls of b are stopped by no end of a's run"
    assert let_go(gateway) == 0
    admin(gateway, "POST", "/runs/only-counted/end", **key("boss"))
    admin(gateway, "PUT", "/run-budgets/run/counted", {"run": "counted"}, **key("b"))
    admin(gateway, "DELETE", "/run-budgets/run/counted", **key("b"))
    admin(gateway, "DELETE", "/run-budgets/run/counted", **key("b"))


def test_what_keeps_its_window_is_of_no_run(gateway, clock):
    put(gateway, "nightly", window="day", keeps=True)
    put(gateway, "whole", heartbeat_seconds=1)
    put(gateway, "whole", label="run.1", name="weekly", window="week", keeps=True)
    clock.ahead_ms = 60_000
    assert let_go(gateway, for_ms=0) == 1
    assert stored(gateway) == {"run nightly of a", "run.1 weekly of a"}


@pytest.mark.parametrize(
    ("whose", "path", "run", "word"),
    [
        ("parts", "run.1/x", "r", "may not set 'run'"),
        ("bound", "run/two", "two", "of this key is 'one'"),
        ("bound", "run.1/x", "two", "of this key is 'one'"),
    ],
)
def test_a_limit_that_would_never_count_is_refused(gateway, whose, path, run, word):
    body = {"run": run, "limits": {"calls": "1"}}
    error = refused(gateway, "PUT", f"/run-budgets/{path}", body, status=403, field="path", **key(whose))
    assert word in error["message"]
    assert not stored(gateway)


def test_a_restart_gives_living_runs_their_whole_time_again(tmp_path, clock):
    with keyed(tmp_path, clock) as gateway:
        put(gateway, "lives", heartbeat_seconds=60)
        put(gateway, "ended", heartbeat_seconds=60)
        admin(gateway, "POST", "/runs/ended/end", **key("a"))
    clock.ahead_ms = 2 * ORPHANS_KEPT_MS
    with keyed(tmp_path, clock) as gateway:
        assert let_go(gateway) == 1
        assert stored(gateway) == {"run lives of a"}
        assert gateway.engine.guards.runs.phase("lives", now_ms=clock()) == "started"
        clock.ahead_ms += 181_000
        assert gateway.engine.guards.runs.phase("lives", now_ms=clock()) == "orphaned"
        assert let_go(gateway) == 0
        clock.ahead_ms += ORPHANS_KEPT_MS
        assert let_go(gateway) == 1


def test_limits_are_known_by_what_they_match_and_how_they_are_named():
    def budget(name, window="lifetime", **match):
        return Budget(name=name, match=tuple(match.items()), window=window)

    mine = (
        budget(stored_as("run", "r", None), run="r"),
        budget(stored_as("run", "r of x", "a"), run="r of x", team="t"),
        budget("run.1 part of a of b", **{"run": "r", "run.1": "part"}),
    )
    others = (budget("run r", window="day", run="r"), budget("a run", run="r"), budget("run r", team="r"))
    found = limits_among((*mine, *others))
    assert [(each.run, each.key) for each in found] == [("r", ""), ("r of x", "a"), ("r", "a of b")]


def test_a_store_that_cannot_be_used_now_is_asked_again(caplog):
    def load():
        raise LedgerUnavailable("the disk is full")

    runs = Runs()
    runs.start("r", now_ms=0)
    runs.end("r", now_ms=0)
    broken = SimpleNamespace(now_ms=lambda: 10, guards=SimpleNamespace(runs=runs), directory=SimpleNamespace(load=load))
    asyncio.run(release_what_is_over(broken))
    assert "the disk is full" in caplog.text
