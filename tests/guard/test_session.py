"""A session's counters: what counts, what trips at which number, and that sessions do not mix."""

import pytest

from farthing.guard.session import (
    Count,
    Passed,
    Session,
    SessionLimits,
    Sessions,
    describe,
    session_name,
)

RUN = ("r", "", "")
AGENT = ("", "bot", "k")
MINUTE = 60_000


def steps(sessions: Sessions, times: int, name=RUN, **more) -> list[Passed | None]:
    return [sessions.step(name, now_ms=0, **more) for _ in range(times)]


def test_a_run_is_a_session_whoever_calls():
    assert session_name((("agent", "bot"), ("run", "r")), "k") == RUN
    assert session_name((("agent", "bot"),), "k") == AGENT
    assert session_name((("team", "a"),), "k") is None


def test_sessions_have_names_people_know():
    assert describe(RUN) == "run r"
    assert describe(AGENT) == "agent bot of key k"
    assert describe(("", "bot", "")) == "agent bot"


def test_a_session_may_make_as_many_calls_as_its_limit_and_not_one_more():
    sessions = Sessions(SessionLimits(steps=3))
    assert steps(sessions, 4) == [None, None, None, Passed(Count.STEPS, 4, 3)]


def test_tool_calls_are_summed_over_steps():
    sessions = Sessions(SessionLimits(tool_calls=5))
    assert steps(sessions, 3, tool_calls=2) == [None, None, Passed(Count.TOOL_CALLS, 6, 5)]


def test_the_same_request_again_is_a_retry_and_brings_no_new_tool_calls():
    sessions = Sessions(SessionLimits(retries=2))
    assert steps(sessions, 4, digest="d", tool_calls=3) == [None, None, None, Passed(Count.RETRIES, 3, 2)]
    assert sessions.get(RUN).tool_calls == 3


def test_other_requests_in_between_do_not_hide_a_retry():
    session = Session(started_ms=0)
    for digest in ("a", "b", "a", "c", "a"):
        session = session.step(digest)
    assert session.retries == 2


def test_a_new_request_is_no_retry():
    session = Session(started_ms=0).step("a").step("a").step("b")
    assert session.retries == 0
    assert session.step("").step("").retries == 0


def test_only_the_latest_requests_are_remembered():
    session = Session(started_ms=0)
    for n in range(1_000):
        session = session.step(str(n))
    assert len(session.requests) == 16
    assert session.step("999").retries == 1
    assert session.step("0").retries == 0


def test_time_is_counted_from_the_first_call_to_the_millisecond():
    sessions = Sessions(SessionLimits(minutes=60))
    assert sessions.step(RUN, now_ms=5) is None
    assert sessions.step(RUN, now_ms=5 + 60 * MINUTE) is None
    assert sessions.step(RUN, now_ms=6 + 60 * MINUTE) == Passed(Count.MINUTES, 61, 60)


def test_cost_stops_the_next_call_once_the_limit_is_spent():
    sessions = Sessions(SessionLimits(cost_nanos=2_000_000_000))
    assert steps(sessions, 1) == [None]
    sessions.charge(RUN, 1_999_999_999)
    assert steps(sessions, 1) == [None]
    sessions.charge(RUN, 1)
    assert steps(sessions, 1) == [Passed(Count.COST, 2_000_000_000, 2_000_000_000)]


def test_without_limits_nothing_trips():
    assert set(steps(Sessions(SessionLimits()), 1_000, digest="d", tool_calls=9)) == {None}


def test_a_limit_of_zero_is_a_limit():
    assert steps(Sessions(SessionLimits(steps=0)), 1) == [Passed(Count.STEPS, 1, 0)]


@pytest.mark.parametrize(
    ("passed", "says"),
    [
        (Passed(Count.STEPS, 51, 50), "made 51 calls; the limit is 50"),
        (Passed(Count.TOOL_CALLS, 201, 200), "made 201 tool calls; the limit is 200"),
        (Passed(Count.RETRIES, 3, 2), "sent the same request again for the 3rd time; the limit is 2"),
        (Passed(Count.MINUTES, 61, 60), "is in its 61st minute; the limit is 60"),
        (Passed(Count.MINUTES, 12, 11), "is in its 12th minute; the limit is 11"),
        (Passed(Count.COST, 2_500_000_000, 2_000_000_000), "has cost 2.5 USD; the limit is 2 USD"),
    ],
)
def test_what_tripped_is_said_in_words_and_numbers(passed, says):
    assert passed.message == says


def test_a_reset_begins_at_zero():
    sessions = Sessions(SessionLimits(steps=1))
    steps(sessions, 2)
    assert sessions.reset(RUN)
    assert not sessions.reset(RUN)
    assert steps(sessions, 1) == [None]


def test_an_agent_without_runs_begins_a_new_session_after_a_silence_and_a_run_does_not():
    sessions = Sessions(SessionLimits(steps=1), gap_ms=1_000)
    for name in (RUN, AGENT):
        assert sessions.step(name, now_ms=0) is None
    assert sessions.step(AGENT, now_ms=1_000) is None
    assert sessions.step(AGENT, now_ms=1_999) is not None
    assert sessions.step(RUN, now_ms=10**9) is not None


def test_what_a_forgotten_session_still_costs_begins_none():
    sessions = Sessions(SessionLimits())
    sessions.charge(RUN, 5)
    assert sessions.get(RUN) is None


def test_the_longest_untouched_sessions_are_forgotten():
    sessions = Sessions(SessionLimits(steps=1), most=2)
    for run in ("a", "b", "a", "c"):
        sessions.step((run, "", ""), now_ms=0)
    assert len(sessions) == 2
    assert sessions.get(("b", "", "")) is None
    assert sessions.get(("a", "", "")).steps == 2


def test_sessions_are_listed_the_longest_untouched_first():
    sessions = Sessions(SessionLimits())
    for name in (("a", "", ""), ("b", "", ""), ("a", "", "")):
        sessions.step(name, now_ms=1)
    assert list(sessions) == [("b", "", ""), ("a", "", "")]
