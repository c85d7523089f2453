"""The very same request again: answered, failed, or one of several side by side."""

from farthing.guard.loop_requests import MOST_REQUESTS, Requests, ended, find_repeated, sent
from farthing.guard.loops import LoopRules

RULES = LoopRules()


def after(*said: str, digest: bytes = b"one") -> Requests:
    """What is known after requests that came (`>`), were answered (`+`) or failed (`-`)."""
    known: Requests = ()
    for each in "".join(said):
        known = sent(known, digest) if each == ">" else ended(known, digest, answered=each == "+")
    return known


def test_the_same_request_is_found_when_it_comes_the_third_time_after_answers():
    assert find_repeated(after(">+>+"), RULES, uses=4) is None
    finding = find_repeated(after(">+>+>"), RULES, uses=4)
    assert finding is not None
    assert (finding.kind, finding.times, finding.since) == ("same_request", 3, 4)
    assert str(finding) == "The very same request was answered 2 times and came again."


def test_retries_are_counted_apart():
    retried = after(">->->->->")
    assert find_repeated(retried, RULES, uses=4) is None
    assert (retried[-1].retries, retried[-1].answers) == (4, 0)
    assert after(">->+>")[-1].answers == 1


def test_samples_side_by_side_are_neither():
    samples = after(">>>>>", "++-++")
    assert (samples[-1].retries, samples[-1].answers) == (0, 0)


def test_a_request_without_uses_of_tools_is_one_more_sample():
    assert find_repeated(after(">+>+>+>"), RULES, uses=0) is None


def test_zero_is_never():
    assert find_repeated(after(">+>+>+>"), LoopRules(same_call=0), uses=4) is None
    assert find_repeated((), RULES, uses=4) is None


def test_agents_of_one_session_may_take_turns():
    known: Requests = ()
    for _ in range(3):
        for agent in (b"a", b"b"):
            known = ended(sent(known, agent), agent, answered=True)
    assert find_repeated(sent(known, b"a"), RULES, uses=1)


def test_another_request_is_progress():
    assert find_repeated(sent(after(">+>+>+"), b"two"), RULES, uses=4) is None


def test_what_is_remembered_is_bounded():
    known: Requests = ()
    for n in range(3 * MOST_REQUESTS):
        known = sent(known, b"%d" % n)
    assert len(known) == MOST_REQUESTS
    assert ended(known, b"0", answered=True) == known
