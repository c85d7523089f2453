"""The guards together: what they take over from settings and store, and when there is nothing to guard."""

from farthing.call.arrival import Caller
from farthing.call.guards import GuardRules, Guards, session_of, trusted_labels
from farthing.domain.suspension import Suspension
from farthing.guard.limit import Limit
from farthing.ports.guards import Known, KnownRun
from support.desk import chat
from support.guarded import BLOCKING, GuardedDesk, code_of

ANN = Suspension(label="user", value="ann", until_ms=100)


def guards(**rules):
    told = []
    return Guards(GuardRules(**rules), told.append), told


def test_there_is_something_to_guard_where_anything_is_configured_or_stored():
    assert not guards()[0].needed
    assert guards(limits=(Limit(requests=1),))[0].needed
    assert guards(agents=BLOCKING)[0].needed
    suspended, _ = guards()
    suspended.learn(Known(version=1, suspensions=(ANN,)), 99, tell=False)
    assert suspended.needed
    suspended.learn(Known(version=2, suspensions=(ANN,)), 100, tell=False)
    assert not suspended.needed
    announced, _ = guards()
    announced.learn(Known(version=1, runs=(KnownRun(name="r", started_ms=1),)), 1, tell=False)
    assert announced.needed


def test_only_new_suspensions_are_told_and_not_at_the_start():
    made, told = guards()
    made.learn(Known(version=1, suspensions=(ANN,)), 1, tell=False)
    bea = Suspension(label="user", value="bea", why="x")
    made.learn(Known(version=2, suspensions=(ANN, bea)), 1, tell=True)
    made.learn(Known(version=3, suspensions=(ANN, bea)), 1, tell=True)
    assert [(event.kind, event.subject) for event in told] == [("suspended", "user bea")]


def test_a_call_from_a_retired_deployment_is_an_orphan_and_somebody_is_told():
    at = GuardedDesk()
    retired = Suspension(label="deployment", value="v1")
    at.guards.learn(Known(version=1, suspensions=(retired,)), 1, tell=False)
    assert code_of(at.take(chat(), labels=(("deployment", "v1"), ("run", "r")))) == "run_orphaned"
    assert [(event.kind, event.subject) for event in at.events] == [("orphan", "deployment v1")]
    assert code_of(at.take(chat(), labels=(("deployment", "v2"), ("run", "r")))) == ""


def test_a_reload_keeps_what_was_counted():
    at = GuardedDesk(limits=[Limit(requests=2)])
    at.take(chat())
    at.guards.adopt(GuardRules(limits=(Limit(requests=1),)))
    assert code_of(at.take(chat())) == "rate_limit_exceeded"


def test_a_key_that_takes_anothers_run_name_cannot_stop_it():
    at = GuardedDesk()
    at.learn(runs=(KnownRun(name="r1", owner="eve", started_ms=1, ended_ms=2),))
    run, trusted = (("run", "r1"),), frozenset({"run"})
    assert at.take(chat(), run, key="bot", trusted=trusted).status == 200
    assert code_of(at.take(chat(), run, key="eve", trusted=trusted)) == "run_ended"
    at.learn(runs=(KnownRun(name="r2", started_ms=1, ended_ms=2),))
    assert code_of(at.take(chat(), (("run", "r2"),), key="bot", trusted=trusted)) == "run_ended"


def test_a_resumed_run_goes_on_whatever_stopped_it():
    at = GuardedDesk()
    stopped = KnownRun(name="r1", started_ms=1, ended_ms=2, landed=("",))
    at.learn(runs=(stopped,))
    assert code_of(at.take(chat(), (("run", "r1"),))) == "run_ended"
    at.learn(runs=(KnownRun(name="r1", started_ms=1),), resumed=(("run", "r1"),))
    assert at.take(chat(), (("run", "r1"),)).status == 200


def test_the_store_says_who_has_landed_so_a_run_that_is_let_go_on_may_land_again():
    at = GuardedDesk()
    at.guards.runs.land("r1", now_ms=at.time_ms, agent="a")
    at.learn(runs=(KnownRun(name="r1", started_ms=1, landed=("a", "b")),))
    assert set(at.guards.runs.get("r1").landed) == {"a", "b"}
    at.learn(runs=(KnownRun(name="r1", started_ms=1, landed=("b",)),))
    assert set(at.guards.runs.get("r1").landed) == {"b"}


def test_labels_that_a_caller_may_not_choose_tell_only_its_own_calls_apart():
    caller = Caller(key="k", labels=(("agent", "a"), ("run", "r")), trusted=frozenset())
    assert trusted_labels(caller) == ()
    assert session_of((), caller) == ("r", "", "k")
    assert session_of((("agent", "a"),), caller) == ("", "a", "k")
    assert session_of((), Caller(key="k")) is None
