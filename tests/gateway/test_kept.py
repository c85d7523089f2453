"""Kept answers: bounded in all, bounded each, and gone after their time."""

from farthing.gateway.kept import KeptAnswer, KeptAnswers


def answer(size, mark=b"a"):
    return KeptAnswer(status=200, headers=[], body=mark * size, streamed=False)


def test_an_answer_is_found_as_it_was_kept_and_only_under_its_own_call():
    kept = KeptAnswers()
    kept.keep(1, answer(10), 0)
    assert kept.find(1, 5) == answer(10)
    assert kept.find(2, 5) is None


def test_what_was_asked_for_longest_ago_makes_room():
    kept = KeptAnswers(most_bytes=30, each_bytes=10)
    for call in (1, 2, 3):
        kept.keep(call, answer(10), 0)
    assert kept.find(1, 0) is not None
    kept.keep(4, answer(10), 0)
    assert [kept.find(call, 0) is not None for call in (1, 2, 3, 4)] == [True, False, True, True]


def test_an_answer_that_is_too_large_is_not_kept_and_costs_no_other():
    kept = KeptAnswers(most_bytes=30, each_bytes=10)
    kept.keep(1, answer(10), 0)
    kept.keep(2, answer(11), 0)
    assert kept.find(1, 0) is not None
    assert kept.find(2, 0) is None


def test_headers_count_too():
    kept = KeptAnswers(each_bytes=10)
    kept.keep(1, KeptAnswer(status=200, headers=[(b"name", b"value")], body=b"ab", streamed=False), 0)
    assert kept.find(1, 0) is None


def test_an_answer_is_gone_after_its_time():
    kept = KeptAnswers(most_bytes=10, for_ms=1_000)
    kept.keep(1, answer(10), 0)
    assert kept.find(1, 1_000) is not None
    assert kept.find(1, 1_001) is None
    kept.keep(2, answer(10), 2_000)
    assert kept.find(2, 2_000) is not None


def test_keeping_a_call_again_replaces_its_answer_and_its_weight():
    kept = KeptAnswers(most_bytes=20)
    for mark in (b"a", b"b", b"c"):
        kept.keep(1, answer(10, mark), 0)
    kept.keep(2, answer(10), 0)
    assert kept.find(1, 0) == answer(10, b"c")
    assert kept.find(2, 0) is not None
