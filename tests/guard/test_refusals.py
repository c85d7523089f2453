"""Refusals of the guards: what happened and what to do, and 429 only for what reopens."""

from farthing.domain.suspension import Suspension
from farthing.guard.breaker import Barred
from farthing.guard.lifecycle import Stopped
from farthing.guard.limit import Limit, Limited, NeverFits, Rate
from farthing.guard.refusals import limited, looping, resume_command, retired, stopped, suspended, tripped

LIMIT = Limit(match=(("user", "*"),), requests=2)


def test_a_rate_that_reopens_is_a_429_with_whole_seconds_and_never_zero():
    found = Limited(limit=LIMIT, values=("ann",), rate=Rate.REQUESTS, used=2, needed=1, allowed=2, retry_after_ms=1_001)
    refusal = limited(found)
    assert (refusal.status, refusal.code, refusal.retry_after_seconds) == (429, "rate_limit_exceeded", 2)
    assert "for user ann is reached" in refusal.message
    assert refusal.what_to_do == "Try again in 2 s"
    at_once = Limited(limit=LIMIT, values=("ann",), rate=Rate.REQUESTS, used=2, needed=1, allowed=2, retry_after_ms=0)
    assert limited(at_once).retry_after_seconds == 1


def test_what_never_fits_is_policy():
    found = NeverFits(limit=LIMIT, values=("ann",), rate=Rate.TOKENS, needed=9, allowed=5)
    refusal = limited(found)
    assert (refusal.status, refusal.code, refusal.retry_after_seconds) == (402, "larger_than_rate_limit", None)
    assert refusal.what_to_do == "Make it smaller or raise the limit"


def test_a_suspension_says_how_to_lift_it_and_when_it_ends():
    refusal = suspended(Suspension(label="user", value="ann", until_ms=1_790_000_000_000))
    assert (refusal.status, refusal.code) == (402, "suspended")
    assert refusal.what_to_do == (
        "wait until 2026-09-21T14:13:20Z, or lift it with `farthing runs resume --label user=ann`"
    )


def test_a_retired_deployment_says_how_it_is_taken_back():
    refusal = retired(Suspension(label="deployment", value="v 1", why="v2 took over"))
    assert (refusal.status, refusal.code) == (402, "run_orphaned")
    assert refusal.message == "the deployment v 1 is retired: v2 took over, and is still calling"
    assert refusal.what_to_do == "stop it, or take it back with `farthing runs restore 'v 1'`"


def test_a_stopped_run_says_why_and_what_to_do():
    refusal = stopped(Stopped("run_ended", "Run r1 has ended. Start a new run."))
    assert (refusal.code, refusal.status) == ("run_ended", 402)
    assert (refusal.message, refusal.what_to_do) == ("Run r1 has ended", "Start a new run")


def test_a_tripped_agent_is_named_with_its_command():
    refusal = tripped(("r 1", "", "bot"), Barred(1_790_000_000_000, "it made 9 calls; the limit is 8"))
    assert refusal.code == "circuit_open"
    assert refusal.message == "run r 1 is stopped: it made 9 calls; the limit is 8"
    assert "`farthing runs resume 'r 1'`; one call may try again from 2026-09-21T14:13:20Z" in refusal.what_to_do
    for_good = tripped(("", "triage", "bot"), Barred(None, "x"))
    assert for_good.what_to_do.endswith("`farthing runs resume --label agent=triage`")
    assert looping("the same").code == "circuit_open"


def test_each_subject_has_its_command():
    assert resume_command(("key", "my bot")) == "farthing keys resume 'my bot'"
    assert resume_command(("run", "r1")) == "farthing runs resume r1"
    assert resume_command(("team", "a b")) == "farthing runs resume --label 'team=a b'"
