"""The register of runs: who may end one, which calls are refused, and who is told of what."""

import pytest

from farthing.guard.lifecycle import GOES, Denied, Runs, Stopped, Turn
from farthing.guard.run import MOST_LANDINGS, LifeRules, Phase, Run
from farthing.ports.guards import KnownRun

RULES = LifeRules(idle_after_ms=1_000, missed_beats=3)


@pytest.fixture
def runs() -> Runs:
    return Runs(RULES)


def code(answer) -> str:
    assert isinstance(answer, Stopped), answer
    return answer.code


def call(runs: Runs, name: str, at: int, **more):
    answer = runs.begin(name, now_ms=at, **more)
    if answer is GOES:
        runs.finish(name, now_ms=at)
    return answer


def test_a_run_nobody_announced_begins_with_its_first_call(runs):
    assert runs.verdict("r", now_ms=0) is GOES
    assert call(runs, "r", 5, by="k") is GOES
    assert runs.get("r") == Run(name="r", owner="k", started_ms=5, called_ms=5)
    assert runs.phase("r", now_ms=5) is Phase.ACTIVE


def test_an_announced_run_has_started_and_is_active_once_it_calls(runs):
    runs.start("r", now_ms=0)
    assert runs.phase("r", now_ms=0) is Phase.STARTED
    call(runs, "r", 1)
    assert runs.phase("r", now_ms=1) is Phase.ACTIVE


def test_an_idle_run_is_refused_nothing_and_active_with_its_next_call(runs):
    call(runs, "r", 0)
    assert runs.phase("r", now_ms=1_000) is Phase.IDLE
    assert call(runs, "r", 1_000) is GOES
    assert runs.phase("r", now_ms=1_001) is Phase.ACTIVE


def test_a_run_with_a_call_in_flight_is_not_idle_however_long_it_takes(runs):
    runs.begin("r", now_ms=0)
    assert runs.phase("r", now_ms=10**6) is Phase.ACTIVE
    runs.finish("r", now_ms=10**6)
    assert runs.phase("r", now_ms=10**6 + 999) is Phase.ACTIVE
    assert runs.phase("r", now_ms=10**6 + 1_000) is Phase.IDLE


def test_an_ended_run_calls_no_more(runs):
    call(runs, "r", 0)
    runs.end("r", now_ms=1)
    assert code(call(runs, "r", 2)) == "run_ended"
    assert runs.phase("r", now_ms=2) is Phase.ENDED


def test_ending_twice_keeps_the_first_time(runs):
    assert runs.end("r", now_ms=1).ended_ms == 1
    assert runs.end("r", now_ms=9).ended_ms == 1


def test_a_run_may_be_ended_before_anyone_heard_of_it(runs):
    runs.end("r", now_ms=0)
    assert code(call(runs, "r", 1)) == "run_ended"


def test_an_ended_run_cannot_be_started_again(runs):
    runs.end("r", now_ms=0)
    assert isinstance(runs.start("r", now_ms=1), Denied)


def test_only_its_owner_or_an_administrator_may_end_or_keep_a_run_alive(runs):
    runs.start("r", now_ms=0, by="mine")
    for act in (runs.end, runs.beat):
        denied = act("r", now_ms=1, by="yours")
        assert isinstance(denied, Denied)
        assert "belongs to key mine" in denied.message
    assert isinstance(runs.start("r", now_ms=1, by="yours"), Denied)
    assert runs.get("r").ended_ms is None
    assert isinstance(runs.end("r", now_ms=2, by="yours", admin=True), Run)


def test_an_administrator_may_reopen_a_run(runs):
    runs.start("r", now_ms=0, beat_every_ms=10)
    runs.land("r", now_ms=0)
    runs.end("r", now_ms=1)
    runs.reopen("r", now_ms=2)
    assert call(runs, "r", 10_000) is GOES
    assert runs.reopen("unheard of", now_ms=2) is None


def test_a_run_whose_promised_heartbeats_fail_to_come_is_orphaned_until_one_comes(runs):
    runs.start("r", now_ms=0, beat_every_ms=100)
    assert call(runs, "r", 300) is GOES
    refusal = call(runs, "r", 5_301)
    assert code(refusal) == "run_orphaned"
    assert "has been missing for 5 s" in refusal.message
    runs.beat("r", now_ms=5_400)
    assert call(runs, "r", 5_700) is GOES


def gone(name, **more):
    return KnownRun(name=name, started_ms=0, beat_ms=0, beat_every_ms=60_000, gone=True, **more)


def test_a_run_whose_program_is_gone_is_orphaned_before_any_heartbeat_is_missed(runs):
    runs.start("r", now_ms=0, beat_every_ms=60_000)
    assert call(runs, "r", 1) is GOES
    runs.learn(gone("r"))
    refusal = call(runs, "r", 2)
    assert code(refusal) == "run_orphaned"
    assert "the program that opened it is gone" in refusal.message
    assert runs.phase("r", now_ms=2) is Phase.ORPHANED


def test_a_run_below_one_whose_program_is_gone_is_orphaned_too(runs):
    runs.learn(gone("above"))
    runs.start("below", now_ms=0, parent="above")
    assert "of run above, which it belongs to, the program" in call(runs, "below", 1).message


@pytest.mark.parametrize("back", ["beat", "start", "reopen"])
def test_who_is_gone_comes_back_with_a_word_from_an_owner(runs, back):
    runs.learn(gone("r"))
    getattr(runs, back)("r", now_ms=1)
    assert call(runs, "r", 2) is GOES


def test_calls_are_no_heartbeats(runs):
    runs.start("r", now_ms=0, beat_every_ms=100)
    for at in range(0, 301, 50):
        assert call(runs, "r", at) is GOES
    assert code(call(runs, "r", 301)) == "run_orphaned"


def test_a_heartbeat_may_change_what_is_promised(runs):
    runs.beat("r", now_ms=0, every_ms=1_000)
    assert call(runs, "r", 3_000) is GOES
    assert code(call(runs, "r", 3_001)) == "run_orphaned"


def test_without_a_promise_silence_means_nothing(runs):
    runs.start("r", now_ms=0)
    assert call(runs, "r", 10**9) is GOES


def test_a_run_whose_parent_ended_is_orphaned_however_deep(runs):
    runs.start("child", now_ms=0, parent="parent")
    runs.start("grandchild", now_ms=0, parent="child")
    call(runs, "parent", 0)
    assert call(runs, "grandchild", 1) is GOES
    runs.end("parent", now_ms=2)
    refusal = call(runs, "grandchild", 3)
    assert code(refusal) == "run_orphaned"
    assert "run parent, which it belongs to, has ended" in refusal.message


def test_a_run_whose_parent_is_orphaned_is_too_and_comes_back_with_it(runs):
    runs.start("parent", now_ms=0, beat_every_ms=100)
    runs.start("child", now_ms=0, parent="parent")
    refusal = call(runs, "child", 301)
    assert "of run parent, which it belongs to, the heartbeat" in refusal.message
    runs.beat("parent", now_ms=400)
    assert call(runs, "child", 401) is GOES


def test_no_run_is_its_own_ancestor(runs):
    runs.start("b", now_ms=0, parent="a")
    runs.start("c", now_ms=0, parent="b")
    assert isinstance(runs.start("a", now_ms=0, parent="c"), Denied)
    assert isinstance(runs.start("d", now_ms=0, parent="d"), Denied)


def test_each_agent_of_a_run_lands_once_and_then_calls_no_more(runs):
    call(runs, "r", 0)
    assert runs.land("r", now_ms=1, agent="a")
    assert not runs.land("r", now_ms=2, agent="a")
    assert code(runs.verdict("r", now_ms=3, agent="a")) == "run_landed"
    assert runs.verdict("r", now_ms=3, agent="b") is GOES
    assert call(runs, "r", 3) is GOES
    assert runs.phase("r", now_ms=3) is Phase.LANDED


def test_invented_agents_have_no_landings_without_end(runs):
    landed = [runs.land("r", now_ms=0, agent=f"a{n}") for n in range(MOST_LANDINGS + 5)]
    assert sum(landed) == MOST_LANDINGS


def test_each_turn_of_a_run_is_told_once(runs):
    runs.start("r", now_ms=0, beat_every_ms=1_000)
    call(runs, "r", 0)
    (turn,) = runs.turned(now_ms=0)
    assert (turn.was, turn.now) == (None, Phase.ACTIVE)
    assert runs.turned(now_ms=999) == ()
    (turn,) = runs.turned(now_ms=1_000)
    assert (turn.was, turn.now) == (Phase.ACTIVE, Phase.IDLE)
    (turn,) = runs.turned(now_ms=3_001)
    assert turn == Turn(
        runs.get("r"), Phase.IDLE, Phase.ORPHANED, "the heartbeat that was promised has been missing for 3 s"
    )
    runs.end("r", now_ms=3_002)
    assert [turn.now for turn in runs.turned(now_ms=3_002)] == [Phase.ENDED]
    assert runs.turned(now_ms=9_999) == ()


def test_time_that_goes_back_wakes_nobody(runs):
    runs.start("r", now_ms=1_000, beat_every_ms=100)
    assert code(call(runs, "r", 1_301)) == "run_orphaned"
    assert code(call(runs, "r", 1_000)) == "run_orphaned"


def test_the_longest_untouched_runs_are_forgotten():
    runs = Runs(RULES, most=3)
    for name in ("a", "b", "a", "c", "d"):
        call(runs, name, 0)
    assert [run.name for run in runs] == ["a", "c", "d"]
    runs.finish("b", now_ms=1)
    assert len(runs) == 3


def test_an_ended_parent_is_remembered_as_long_as_a_child_calls():
    runs = Runs(RULES, most=3)
    runs.start("child", now_ms=0, parent="parent")
    runs.end("parent", now_ms=0)
    for n in range(10):
        assert code(call(runs, "child", n)) == "run_orphaned"
        call(runs, f"noise {n}", n)


def test_forgotten_runs_leave_nothing_behind():
    runs = Runs(RULES, most=2)
    for n in range(50):
        call(runs, f"r{n}", 0)
        runs.turned(now_ms=0)
    assert len(runs._told) == 2


def test_runs_remembered_elsewhere_go_on_without_the_calls_that_were_in_flight():
    known = Run(name="r", owner="k", started_ms=0, called_ms=5, in_flight=2)
    runs = Runs(RULES, known=[known, Run(name="gone", started_ms=0, ended_ms=1)])
    assert runs.phase("r", now_ms=2_000) is Phase.IDLE
    assert code(call(runs, "gone", 2_000)) == "run_ended"


def test_what_is_stored_of_a_run_is_taken_over_and_what_is_newer_here_stays():
    runs = Runs(RULES)
    runs.begin("r", now_ms=100, by="k")
    runs.beat("r", now_ms=300, by="k", every_ms=50)
    runs.learn(KnownRun(name="r", owner="k", started_ms=1, beat_ms=200, beat_every_ms=70, parent="p", landed=("a",)))
    run = runs.get("r")
    assert (run.beat_ms, run.beat_every_ms, run.parent, run.landed, run.in_flight) == (300, 70, "p", ("a",), 1)


def test_what_nobody_could_hear_was_not_missed(runs):
    runs.start("alive", now_ms=0, beat_every_ms=100)
    runs.start("told dead", now_ms=0, beat_every_ms=100)
    runs.learn(KnownRun(name="told dead", started_ms=0, beat_every_ms=100, gone=True))
    runs.listen(now_ms=10_000)
    assert runs.verdict("alive", now_ms=10_300) is GOES
    assert code(runs.verdict("told dead", now_ms=10_000)) == "run_orphaned", "its process is known to be no more"
    assert code(runs.verdict("alive", now_ms=10_301)) == "run_orphaned", "by now it was missed"


def test_runs_are_left_behind_that_ended_or_were_not_heard_of_for_long(runs):
    for name in ("ended", "silent", "calls", "lives", "quiet"):
        runs.start(name, now_ms=0, beat_every_ms=None if name == "quiet" else 100)
    runs.end("ended", now_ms=1)
    call(runs, "calls", 200)
    runs.beat("lives", now_ms=900)

    def left(now_ms, for_ms):
        return [run.name for run in runs.left_behind(now_ms=now_ms, for_ms=for_ms)]

    assert left(1_100, 1_000) == ["silent", "ended"]
    assert left(1_100, 0) == ["silent", "ended", "calls"]
    assert left(9_000, 1_000) == ["silent", "ended", "calls", "lives"], "no heartbeat was promised of the last"
    runs.listen(now_ms=9_000)
    assert left(9_700, 1_000) == ["ended"], "its time counts from when somebody could hear"
