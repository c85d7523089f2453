"""What an operator corrects stays beside what stood there before, in every store: settled, estimated, void and unknown."""

import msgspec
import pytest

from farthing.domain.budget import Unit
from support.ledgers import Clock, sweep
from support.money import ask as asked
from support.money import attempt, budget, charge, closing, fixed, key, loss, settlement, spent, void
from support.whole_stores import whole_store


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path, clock):
    with whole_store(request.param, tmp_path, clock) as whole:
        whole.ledger.adopt([budget("b", 1_000)])
        yield whole


def correct(store, number: int, nanos: int, **more) -> None:
    said = settlement(number, nanos, source="operator", **more)
    assert store.ledger.adjust_blocking(said, by="ada", reason="the invoice")


def entry(store, number: int = 1):
    """The only correction of a call: the two documents, read."""
    (found,) = store.records.call(number << 4).adjustments
    assert (found.attempt, found.at_ms, found.by, found.reason) == (attempt(number), 5, "ada", "the invoice")
    return msgspec.json.decode(found.before), msgspec.json.decode(found.after)


def balance(store) -> tuple[int, int, int]:
    standing = store.ledger.standing(key())
    return standing.posted, standing.held, standing.unknown


def the_attempt(store, number: int = 1):
    (found,) = store.records.call(number << 4).attempts
    return found


def test_settling_an_unknown_outcome_by_hand_leaves_an_audited_entry(store):
    store.ledger.reserve_blocking(fixed(1, 100))
    store.ledger.lose(loss(1, 20))
    correct(store, 1, 33, closing=closing(1))
    before, after = entry(store)
    assert (before["state"], before["cost_nanos"], before["posted"]) in {("unknown", None, None), (1, None, None)}
    assert (after["source"], after["cost_nanos"], after["posted"]) == ("operator", 33, [33])
    assert before["charges"] == after["charges"]
    assert balance(store) == (33, 0, 0)
    assert the_attempt(store).state == "settled"
    assert the_attempt(store).due_ms is not None
    assert store.records.call(16).closing == closing(1)


def test_an_unknown_outcome_that_was_free_posts_nothing_and_says_who_said_so(store):
    store.ledger.reserve_blocking(fixed(1, 100))
    store.ledger.lose(loss(1, 20))
    correct(store, 1, 0)
    assert entry(store)[1]["posted"] == [0]
    assert balance(store) == (0, 0, 0)


def test_an_unknown_outcome_settled_above_its_hold_is_flagged(store):
    store.ledger.reserve_blocking(fixed(1, 100))
    store.ledger.lose(loss(1, 20))
    correct(store, 1, 400)
    assert the_attempt(store).flags == ("overran_hold",)
    assert balance(store) == (400, 0, 0)


def test_what_was_settled_by_hand_is_not_charged_when_it_would_have_been_due(store, clock):
    store.ledger.reserve_blocking(fixed(1, 100))
    store.ledger.lose(loss(1, 20, due_ms=clock.now_ms + 1))
    correct(store, 1, 33)
    clock.now_ms += 10
    sweep(store.ledger)
    assert balance(store) == (33, 0, 0)


def test_a_settled_and_a_void_attempt_are_corrected_by_the_difference(store):
    for number in (1, 2):
        store.ledger.reserve_blocking(fixed(number, 100))
    store.ledger.settle(settlement(1, 40))
    store.ledger.void(void(2))
    correct(store, 1, 70)
    correct(store, 2, 5)
    assert (entry(store, 1)[0]["posted"], entry(store, 1)[1]["posted"]) == ([40], [70])
    assert (entry(store, 2)[0]["posted"], entry(store, 2)[1]["posted"]) == ([0], [5])
    assert balance(store) == (75, 0, 0)


def test_a_second_correction_starts_from_the_first(store):
    store.ledger.reserve_blocking(fixed(1, 100))
    store.ledger.settle(settlement(1, 40))
    correct(store, 1, 70)
    correct(store, 1, 20)
    first, second = store.records.call(16).adjustments
    assert msgspec.json.decode(first.after) == msgspec.json.decode(second.before)
    assert balance(store) == (20, 0, 0)


def test_what_was_held_stays_beside_what_was_posted(store):
    tokens = key("b", Unit.TOKENS)
    store.ledger.reserve_blocking(asked(1, charge(key(), 100), charge(tokens, 50, 0), cap=7))
    shares = [(share.account, share.held, share.posted) for share in the_attempt(store).shares]
    assert shares == [(key(), 107, None), (tokens, 50, None)]
    store.ledger.settle(settlement(1, 40, spent=spent(40, input_tokens=3, output_tokens=4), tier="flex"))
    store.durable()
    assert [(share.held, share.posted, share.amount) for share in the_attempt(store).shares] == [
        (107, 40, 40),
        (50, 7, 7),
    ]
    assert (the_attempt(store).tier, the_attempt(store).opening.choices) == ("flex", 1)
    correct(store, 1, 9)
    assert [(share.held, share.posted) for share in the_attempt(store).shares] == [(107, 9), (50, 0)]


def test_a_void_attempt_shows_what_it_held_and_that_nothing_was_posted(store):
    store.ledger.reserve_blocking(fixed(1, 100))
    store.ledger.void(void(1))
    store.durable()
    assert [(share.held, share.posted) for share in the_attempt(store).shares] == [(100, 0)]


def test_an_unknown_attempt_shows_its_hold_until_the_policy_posts(store, clock):
    store.ledger.reserve_blocking(fixed(1, 100))
    store.ledger.lose(loss(1, 20, due_ms=clock.now_ms + 1))
    store.durable()
    assert [(share.held, share.posted) for share in the_attempt(store).shares] == [(100, None)]
    clock.now_ms += 10
    sweep(store.ledger)
    assert [(share.held, share.posted) for share in the_attempt(store).shares] == [(100, 100)]
