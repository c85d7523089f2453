"""Suspensions: found by any label or by the key, over at their time, and the longest is told."""

from farthing.guard.suspension import Suspension, Suspensions

ANN = Suspension(label="user", value="ann", by="root", why="sent 400 calls a minute")


def find(*stored: Suspension, now_ms: int = 0, key: str = "", **labels: str) -> Suspension | None:
    return Suspensions(stored).find(tuple(sorted(labels.items())), now_ms=now_ms, key=key)


def test_a_call_that_carries_a_suspended_label_is_found():
    assert find(ANN, user="ann", team="a") is ANN
    assert find(ANN, user="anna") is None
    assert find(ANN, agent="ann") is None
    assert find(user="ann") is None


def test_a_pattern_suspends_all_that_fit():
    bots = Suspension(label="agent", value="bot-*")
    assert find(ANN, bots, agent="bot-7") is bots
    assert find(ANN, bots, agent="robot") is None


def test_a_key_is_suspended_by_its_name():
    key = Suspension(label="key", value="support bot")
    assert find(key, key="support bot") is key
    assert find(key, key="another") is None


def test_a_label_called_key_is_not_the_key():
    key = Suspension(label="key", value="support bot")
    assert Suspensions([key]).find((("key", "support bot"),), now_ms=0, key="another") is None


def test_it_is_over_at_its_time_to_the_millisecond():
    for_now = Suspension(label="user", value="ann", until_ms=1_000)
    assert find(for_now, now_ms=999, user="ann") is for_now
    assert find(for_now, now_ms=1_000, user="ann") is None


def test_of_several_the_one_that_lasts_longest_is_told():
    short = Suspension(label="user", value="ann", until_ms=1_000)
    long = Suspension(label="team", value="a", until_ms=2_000)
    endless = Suspension(label="workflow", value="*")
    assert find(short, long, user="ann", team="a") is long
    assert find(long, endless, short, user="ann", team="a", workflow="w") is endless
    assert find(short, endless, now_ms=3_000, user="ann", workflow="w") is endless


def test_a_later_suspension_of_the_same_subject_replaces_the_earlier():
    again = Suspension(label="user", value="ann", until_ms=5)
    suspensions = Suspensions([ANN, again])
    assert len(suspensions) == 1
    assert suspensions.find((("user", "ann"),), now_ms=5) is None


def test_all_that_are_in_force_can_be_listed():
    over = Suspension(label="user", value="bob", until_ms=5)
    bots = Suspension(label="agent", value="bot-*")
    assert Suspensions([over, ANN, bots]).all(5) == (bots, ANN)


def test_it_says_who_suspended_whom_and_why():
    assert ANN.message == "user ann is suspended by root: sent 400 calls a minute"
    assert Suspension(label="key", value="k").message == "key k is suspended"
