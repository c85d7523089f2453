"""Runs as they are shown: phases, promises and breakers."""

from farthing.call.agents import AgentRules
from farthing.domain.suspension import Suspension
from farthing.gateway.admin.run_views import run_view, suspension_view
from farthing.ports.guards import KnownRun
from support.guarded import BLOCKING, GuardedDesk, looping


def test_a_run_shows_its_promise_its_landings_and_what_stops_it():
    at = GuardedDesk(agents=BLOCKING)
    at.learn(runs=(KnownRun(name="r1", owner="", started_ms=at.time_ms, beat_ms=at.time_ms, beat_every_ms=1_500),))
    at.take(looping(1), (("run", "r1"),))
    at.take(looping(3), (("run", "r1"),))
    view = run_view(at.guards, at.guards.runs.get("r1"), at.time_ms)
    assert (view.phase, view.heartbeat_seconds, view.in_flight) == ("active", 1.5, 0)
    (stop,) = view.stops
    assert (stop.state, stop.agent) == ("open", "")
    assert "3 times" in stop.why
    assert stop.until is not None


def test_a_run_without_a_promise_shows_none():
    at = GuardedDesk(agents=AgentRules())
    at.learn(runs=(KnownRun(name="r1", started_ms=at.time_ms, ended_ms=at.time_ms),))
    view = run_view(at.guards, at.guards.runs.get("r1"), at.time_ms)
    assert (view.phase, view.heartbeat_seconds, view.last_heartbeat_at) == ("ended", None, None)


def test_a_suspension_without_an_end_shows_none():
    view = suspension_view(Suspension(label="user", value="ann", by="root", at_ms=1_000))
    assert (view.until, view.by) == (None, "root")
