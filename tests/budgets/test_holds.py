"""Open holds: taken up again, forgotten, and slimmed; their ends are tested with the book."""

from farthing.budgets.account import Balance
from farthing.budgets.holds import Holds
from farthing.budgets.open_hold import OpenHold, Part
from support.money import attempt, key, settlement, spent, void


def holds_with(amount: int, due_ms: int | None = None, holder: str = "") -> Holds:
    balance = Balance(held=0 if due_ms else amount, unknown=amount if due_ms else 0, row=1)
    holds = Holds(lambda _: balance)
    holds.restore(OpenHold(attempt(1), (Part(key(), amount, 1, 1_000),), holder, due_ms, None))
    return holds


def balance_of(holds: Holds) -> tuple[int, int, int]:
    account = holds.account(key())
    return account.posted, account.held, account.unknown


def test_a_restored_hold_is_already_in_the_balances():
    holds = holds_with(40, holder="k")
    assert balance_of(holds) == (0, 40, 0)
    assert holds.account(key()).held_by == {"k": 40}
    holds.settle(settlement(1, 15))
    assert balance_of(holds) == (15, 0, 0)
    assert {account.key for account in holds.dirty} == {key()}


def test_a_restored_unknown_hold_is_due_like_any_other_and_cannot_be_voided():
    holds = holds_with(40, due_ms=100)
    assert holds.void(void(1)) is None
    assert holds.charge_due(99) == []
    (ended,) = holds.charge_due(100)
    assert ended.posted == (40,)
    assert balance_of(holds) == (40, 0, 0)


def test_a_presumed_loss_has_seen_nothing():
    holds = holds_with(40)
    hold = holds.presume_lost(attempt(1), 100)
    assert hold is not None
    assert (hold.due_ms, hold.seen) == (100, None)
    assert holds.presume_lost(attempt(1), 200) is None


def test_forgetting_a_hold_leaves_the_balance_to_the_authority():
    holds = holds_with(40)
    holds.forget(attempt(1))
    assert holds.settle(settlement(1, 5)) is None
    assert balance_of(holds) == (0, 40, 0)


def test_after_a_failure_nothing_remembered_is_believed():
    asked = []

    def fetch(account):
        asked.append(account)
        return Balance(held=7)

    holds = Holds(fetch)
    holds.restore(OpenHold(attempt(1), (Part(key(), 7, 1, 1_000),), "k"))
    holds.settle(settlement(1, 7))
    holds.forget_holds()
    assert (holds.holds, holds.dirty) == ({}, set())
    assert balance_of(holds) == (0, 7, 0)
    assert len(asked) == 2


def test_accounts_that_nothing_refers_to_are_forgotten_when_there_are_many():
    holds = Holds()
    for number in range(20):
        holds.account(key(f"b{number}"))
    holds.restore(OpenHold(attempt(1), (Part(key("b3"), 7, 1, 1_000),)))
    holds.slim(20)
    assert len(holds.accounts) == 20
    holds.slim(19)
    assert list(holds.accounts) == [key("b3")]


def test_a_correction_posts_only_the_difference():
    holds = Holds(lambda _: Balance(posted=100))
    assert holds.correct((Part(key(), 90, 1, 1_000),), (60,), spent(25)) == (25,)
    assert balance_of(holds) == (65, 0, 0)
