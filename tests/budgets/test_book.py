"""The book: clamp, fit, wait, refuse; and the ways a hold ends."""

import pytest

from farthing.budgets.account import Balance
from farthing.budgets.book import Book
from farthing.domain.budget import Grant, Unit
from farthing.domain.hold import Declined, Reserved, Short
from support.money import ask, attempt, budget, charge, fixed, key, loss, settlement, void

WAIT = 20_000


def book_of(*budgets, grants=(), **more) -> Book:
    book = Book(**more)
    book.adopt(budgets or (budget(),), grants)
    return book


def state(book: Book, name: str = "b") -> tuple[int, int, int]:
    account = book.account(key(name))
    return account.posted, account.held, account.unknown


def woken(book: Book, now: int = 0) -> dict[int, object]:
    return {answer.ask.opening.id >> 4: answer.outcome for answer in book.wake(now)}


# Clamp


def test_a_call_that_fits_is_held_in_full_on_every_account():
    book = book_of(budget("a", 1_000), budget("b", 500))
    got = book.reserve(ask(1, charge(key("a"), 10), charge(key("b"), 10), cap=100), 0)
    assert isinstance(got, Reserved)
    assert (got.cap, got.clamped) == (100, False)
    assert got.held == ((key("a"), 110), (key("b"), 110))
    assert got.tightest is not None
    assert (got.tightest.account, got.tightest.left) == (key("b"), 390)
    assert state(book, "a") == (0, 110, 0)


def test_the_cap_is_clamped_to_what_is_not_spent_on_the_tightest_account():
    book = book_of(budget("a", 1_000), budget("b", 100))
    got = book.reserve(ask(1, charge(key("a"), 10), charge(key("b"), 10, 2), cap=800, floor=20, wait_ms=WAIT), 0)
    assert isinstance(got, Reserved)
    assert (got.cap, got.clamped) == (45, True)
    assert state(book, "b") == (0, 100, 0)


def test_less_than_the_floor_is_budget_exceeded_with_what_the_floor_would_need():
    book = book_of(budget("b", 100))
    got = book.reserve(ask(1, charge(key(), 50), cap=800, floor=60, wait_ms=WAIT), 0)
    assert isinstance(got, Declined)
    assert got.code == "budget_exceeded"
    assert got.standing is not None
    assert (got.standing.needed, got.standing.limit) == (110, 100)


def test_held_money_is_not_spent_so_it_clamps_nothing():
    book = book_of(budget("b", 100))
    book.reserve(fixed(1, 60), 0)
    assert book.reserve(ask(2, charge(key(), 0), cap=80, floor=80, wait_ms=WAIT), 0) is None


def test_unknown_counts_as_spent_and_is_never_waited_for():
    book = book_of(budget("b", 100))
    book.reserve(fixed(1, 60), 0)
    book.lose(loss(1, 5))
    got = book.reserve(fixed(2, 50, wait_ms=WAIT), 0)
    assert isinstance(got, Declined)
    assert got.code == "budget_exceeded"


def test_a_limit_of_zero_means_nothing_and_no_limit_means_everything():
    book = book_of(budget("b", 0), budget("c", None))
    refused = book.reserve(fixed(1, 1, wait_ms=WAIT), 0)
    assert isinstance(refused, Declined)
    assert refused.code == "budget_exceeded"
    assert isinstance(book.reserve(fixed(2, 10**15, "c"), 0), Reserved)
    assert isinstance(book.reserve(fixed(3, 10**15, "nobody defined this"), 0), Reserved)


def test_a_budget_that_is_off_only_counts():
    book = book_of(budget("b", 10, hard="off"))
    got = book.reserve(fixed(1, 500), 0)
    assert isinstance(got, Reserved)
    assert got.tightest is None
    book.settle(settlement(1, 400))
    assert state(book) == (400, 0, 0)


def test_a_grant_raises_its_account_and_no_other():
    book = book_of(
        budget("b", 100), grants=(Grant(account=key(), amount=50, by="x"), Grant(account=key(), amount=7, by="x"))
    )
    assert isinstance(book.reserve(fixed(1, 157), 0), Reserved)
    other = ask(2, charge(key(window="2027"), 157, 0))
    assert isinstance(book.reserve(other, 0), Short)


def test_a_call_that_may_not_wait_is_reserved_whole_or_short():
    book = book_of(budget("b", 100))
    short = book.reserve(ask(1, charge(key(), 50), cap=60, floor=1), 0)
    assert isinstance(short, Short)
    assert short.standing.needed == 110
    assert isinstance(book.reserve(ask(2, charge(key(), 50), cap=50, floor=1), 0), Reserved)
    assert isinstance(book.reserve(fixed(3, 10**6), 0), Short)


def test_units_are_counted_each_in_their_own_way():
    units = (Unit.USD, Unit.TOKENS, Unit.INPUT_TOKENS, Unit.OUTPUT_TOKENS, Unit.CALLS)
    book = book_of(budget("b", limits=tuple((unit, 10_000) for unit in units)))
    charges = (*(charge(key("b", unit), 100, 1) for unit in units[:4]), charge(key("b", Unit.CALLS), 1, 0))
    book.reserve(ask(1, *charges, cap=50), 0)
    assert [book.account(key("b", unit)).held for unit in units] == [150, 150, 150, 150, 1]
    spent = settlement(1, 77).spent
    spent = type(spent)(picos=77_001, input_tokens=30, output_tokens=9)
    book.settle(settlement(1, 0, spent=spent))
    assert [book.account(key("b", unit)).posted for unit in units] == [78, 39, 30, 9, 1]


def test_a_dated_rate_rounds_up_once_in_the_accounts_own_currency():
    from farthing.domain.hold import Charge

    book = book_of(budget("b", 10**9))
    euro = Charge(key(), 1_000_001, 0, 100, 108_000)  # 1.08 USD to the euro
    book.reserve(ask(1, euro), 0)
    assert state(book)[1] == 926
    book.settle(settlement(1, 0, spent=settlement(1, 1_000).spent))
    assert state(book) == (926, 0, 0)


# Ends


def test_settling_less_than_the_hold_releases_exactly_the_rest():
    book = book_of(budget("a"), budget("b"))
    book.reserve(fixed(1, 100, "a", "b"), 0)
    book.settle(settlement(1, 30))
    assert state(book, "a") == state(book, "b") == (30, 0, 0)


def test_an_overrun_is_posted_in_full_flagged_and_blocks_only_what_is_exhausted():
    book = book_of(budget("a", 10_000), budget("b", 150))
    book.reserve(fixed(1, 100, "a", "b"), 0)
    ended = book.settle(settlement(1, 400))
    assert ended is not None
    assert ended.overran
    assert book.overruns == 1
    assert state(book, "b") == (400, 0, 0)
    assert isinstance(book.reserve(fixed(2, 1, "a"), 0), Reserved)
    assert isinstance(book.reserve(fixed(3, 1, wait_ms=WAIT), 0), Declined)


def test_an_unpriced_settlement_posts_tokens_and_the_money_it_says():
    book = book_of(budget("b", limits=((Unit.USD, 1_000), (Unit.TOKENS, 1_000))))
    book.reserve(ask(1, charge(key(), 10, 0), charge(key("b", Unit.TOKENS), 100, 0)), 0)
    from farthing.domain.hold import Spent

    book.settle(settlement(1, 0, cost_nanos=None, spent=Spent(picos=0, input_tokens=8, output_tokens=2)))
    assert book.account(key("b", Unit.TOKENS)).posted == 10
    assert state(book) == (0, 0, 0)


def test_a_second_end_changes_nothing():
    book = book_of()
    book.reserve(fixed(1, 100), 0)
    assert book.settle(settlement(1, 30)) is not None
    assert book.settle(settlement(1, 30)) is None
    assert book.void(void(1)) is None
    assert book.lose(loss(1)) is None
    assert state(book) == (30, 0, 0)


def test_unknown_is_never_voided_but_may_be_settled_late():
    book = book_of()
    book.reserve(fixed(1, 100), 0)
    book.lose(loss(1, 10))
    assert state(book) == (0, 0, 100)
    assert book.void(void(1)) is None
    assert state(book) == (0, 0, 100)
    assert book.settle(settlement(1, 60)) is not None
    assert state(book) == (60, 0, 0)
    assert book.charge_due(10**9) == []


@pytest.mark.parametrize(("policy", "charged"), [("charge_hold", 100), ("charge_seen", 10)])
def test_an_unknown_outcome_is_charged_by_policy_when_it_is_due_and_not_before(policy, charged):
    book = book_of(budget("b", 1_000, unknown=policy))
    book.reserve(fixed(1, 100), 0)
    book.lose(loss(1, 10, due_ms=1_000))
    assert book.charge_due(999) == []
    assert [ended.hold.attempt for ended in book.charge_due(1_000)] == [attempt(1)]
    assert book.charge_due(1_000) == []
    assert state(book) == (charged, 0, 0)


@pytest.mark.parametrize("policy", ["charge_seen", "charge_hold"])
def test_what_was_seen_is_charged_in_full_even_above_the_hold(policy):
    book = book_of(budget("b", 1_000, unknown=policy))
    book.reserve(fixed(1, 100), 0)
    book.lose(loss(1, 5_000, due_ms=1_000))
    book.charge_due(1_000)
    assert state(book) == (5_000, 0, 0)


def test_a_correction_may_lower_or_raise_what_was_posted():
    book = book_of()
    book.reserve(fixed(1, 100), 0)
    book.lose(loss(1, due_ms=1_000))
    (ended,) = book.charge_due(1_000)
    lowered = book.correct(ended.hold.parts, ended.posted, settlement(1, 20).spent)
    assert state(book) == (20, 0, 0)
    book.correct(ended.hold.parts, lowered, settlement(1, 70).spent)
    assert state(book) == (70, 0, 0)


def test_an_attempt_is_charged_to_the_window_it_was_reserved_in():
    book = book_of()
    book.reserve(ask(1, charge(key(window="january"), 100, 0)), 0)
    book.reserve(ask(2, charge(key(window="february"), 100, 0)), 0)
    book.settle(settlement(2, 20))
    book.settle(settlement(1, 10))
    assert book.account(key(window="january")).posted == 10
    assert book.account(key(window="february")).posted == 20


# Gates


def test_a_broken_cap_closes_its_gate_under_enforced_budgets_only():
    book = book_of(budget("b", 10_000), budget("soft", 10, hard="off"))
    book.reserve(fixed(1, 100, gate="openai/gpt-test"), 0)
    book.settle(settlement(1, 400, overran="openai/gpt-test"))
    got = book.reserve(fixed(2, 1, gate="openai/gpt-test"), 0)
    assert isinstance(got, Declined)
    assert got.code == "provider_overran"
    assert isinstance(book.reserve(fixed(3, 1, "soft", gate="openai/gpt-test"), 0), Reserved)
    assert isinstance(book.reserve(fixed(4, 1, gate="openai/other"), 0), Reserved)
    book.gates.discard("openai/gpt-test")
    assert isinstance(book.reserve(fixed(5, 1, gate="openai/gpt-test"), 0), Reserved)


# Waiting: order


def full(book: Book, name: str = "b", nanos: int = 100, number: int = 900) -> None:
    assert isinstance(book.reserve(fixed(number, nanos, name), 0), Reserved)


def test_freed_money_goes_to_the_first_who_waits():
    book = book_of(budget("b", 100))
    full(book)
    for number in (1, 2, 3):
        assert book.reserve(fixed(number, 60, wait_ms=WAIT), number) is None
    book.void(void(900))
    answers = woken(book, 50)
    assert list(answers) == [1]
    assert answers[1].waited_ms == 49
    book.settle(settlement(1, 10))
    assert list(woken(book, 60)) == [2]


def test_money_freed_in_parts_is_earmarked_for_the_head():
    book = book_of(budget("b", 100))
    full(book, nanos=50, number=900)
    full(book, nanos=50, number=901)
    assert book.reserve(fixed(1, 80, wait_ms=WAIT), 0) is None
    assert book.reserve(fixed(2, 20, wait_ms=WAIT), 0) is None
    book.void(void(900))
    assert woken(book) == {}
    assert isinstance(book.reserve(fixed(3, 20), 0), Short)
    book.void(void(901))
    assert list(woken(book)) == [1, 2]


def test_a_later_call_passes_when_it_touches_nothing_the_head_lacks():
    book = book_of(budget("a", 100), budget("b", 100))
    full(book, "a")
    assert book.reserve(fixed(1, 50, "a", "b", wait_ms=WAIT), 0) is None
    assert isinstance(book.reserve(fixed(2, 100, "b"), 0), Reserved)
    assert book.reserve(fixed(3, 10, "a", wait_ms=WAIT), 0) is None


def test_a_waiter_blocks_only_what_it_lacks_itself():
    book = book_of(budget("a", 100), budget("b", 100), budget("c", 100))
    full(book, "a", number=900)
    full(book, "b", number=901)
    assert book.reserve(fixed(1, 50, "a", wait_ms=WAIT), 0) is None
    assert book.reserve(fixed(2, 50, "a", "b", "c", wait_ms=WAIT), 0) is None
    assert isinstance(book.reserve(fixed(3, 10, "c"), 0), Reserved)
    book.void(void(901))
    assert woken(book) == {}
    assert isinstance(book.reserve(fixed(4, 100, "b"), 0), Reserved)


def test_a_head_that_lacks_another_account_lets_the_next_have_this_one():
    book = book_of(budget("a", 100), budget("b", 100))
    full(book, "a", number=900)
    full(book, "b", number=901)
    assert book.reserve(fixed(1, 50, "a", "b", wait_ms=WAIT), 0) is None
    assert book.reserve(fixed(2, 50, "b", wait_ms=WAIT), 0) is None
    book.void(void(901))
    assert list(woken(book)) == [2]
    book.void(void(900))
    assert list(woken(book)) == [1]


def test_a_waiter_is_clamped_anew_when_its_turn_comes():
    book = book_of(budget("b", 100))
    full(book)
    assert book.reserve(ask(1, charge(key(), 0), cap=90, floor=10, wait_ms=WAIT), 0) is None
    book.settle(settlement(900, 70))
    got = woken(book)[1]
    assert isinstance(got, Reserved)
    assert (got.cap, got.clamped) == (30, True)


def test_a_waiter_learns_that_the_money_was_spent():
    book = book_of(budget("b", 100))
    full(book)
    assert book.reserve(fixed(1, 50, wait_ms=WAIT), 0) is None
    book.settle(settlement(900, 70))
    assert woken(book)[1].code == "budget_exceeded"


def test_losing_the_hold_that_was_waited_for_ends_the_wait():
    book = book_of(budget("b", 100))
    full(book)
    assert book.reserve(fixed(1, 50, wait_ms=WAIT), 0) is None
    book.lose(loss(900))
    assert woken(book)[1].code == "budget_exceeded"


def test_a_raise_wakes_whoever_waits_and_a_cut_breaks_no_hold():
    book = book_of(budget("b", 100))
    full(book)
    assert book.reserve(fixed(1, 50, wait_ms=WAIT), 0) is None
    book.adopt([budget("b", 150)], ())
    assert isinstance(woken(book)[1], Reserved)
    book.adopt([budget("b", 20)], ())
    assert state(book) == (0, 150, 0)
    assert book.reserve(fixed(2, 1, wait_ms=WAIT), 0) is None
    book.settle(settlement(900, 100))
    assert woken(book)[2].code == "budget_exceeded"


# Waiting: its end


def test_a_wait_ends_at_its_deadline_as_budget_reserved():
    book = book_of(budget("b", 100))
    full(book)
    assert book.reserve(fixed(1, 50, wait_ms=500), 1_000) is None
    assert book.next_deadline() == 1_500
    assert woken(book, 1_499) == {}
    got = woken(book, 1_500)[1]
    assert (got.code, got.waited_ms) == ("budget_reserved", 500)
    assert got.standing.needed == 50
    assert book.next_deadline() is None


def test_who_leaves_the_queue_makes_way_for_the_next():
    book = book_of(budget("b", 100))
    full(book, nanos=50)
    assert book.reserve(fixed(1, 80, wait_ms=WAIT), 0) is None
    assert book.reserve(fixed(2, 50, wait_ms=WAIT), 0) is None
    assert book.withdraw(attempt(1)) is None
    assert list(woken(book)) == [2]


def test_withdrawing_after_the_hold_was_made_gives_it_back():
    book = book_of(budget("b", 100))
    full(book)
    assert book.withdraw(attempt(900)) is not None
    assert state(book) == (0, 0, 0)
    assert book.withdraw(attempt(900)) is None


def test_a_call_does_not_wait_for_its_own_earlier_attempt():
    book = book_of(budget("b", 100))
    book.reserve(fixed(1, 80), 0)
    got = book.reserve(fixed(1, 50, ordinal=2, wait_ms=WAIT), 0)
    assert isinstance(got, Declined)
    assert got.code == "budget_reserved"


def test_a_call_waits_when_money_of_others_would_do_beside_its_own():
    book = book_of(budget("b", 100))
    book.reserve(fixed(1, 30), 0)
    book.reserve(fixed(2, 40), 0)
    assert book.reserve(fixed(1, 50, ordinal=2, wait_ms=WAIT), 0) is None
    book.settle(settlement(2, 0))
    assert isinstance(woken(book)[1], Reserved)


def test_the_queue_has_an_end():
    book = book_of(budget("b", 100), most_waiting=2)
    full(book)
    assert book.reserve(fixed(1, 50, wait_ms=WAIT), 0) is None
    assert book.reserve(fixed(2, 50, wait_ms=WAIT), 0) is None
    got = book.reserve(fixed(3, 50, wait_ms=WAIT), 0)
    assert isinstance(got, Declined)
    assert got.code == "budget_reserved"


# Waiting: fair shares


def test_one_key_may_have_everything_while_nobody_else_waits():
    book = book_of(budget("b", 100))
    for number in range(10):
        assert isinstance(book.reserve(fixed(number, 10, holder="greedy"), 0), Reserved)


def test_a_key_above_its_share_is_passed_over_while_others_wait():
    book = book_of(budget("b", 100))
    for number in range(10):
        book.reserve(fixed(number, 10, holder="greedy"), 0)
    for number in range(10, 15):
        assert book.reserve(fixed(number, 10, holder="greedy", wait_ms=WAIT), 0) is None
    assert book.reserve(fixed(20, 10, holder="modest", wait_ms=WAIT), 0) is None
    book.void(void(0))
    assert list(woken(book)) == [20]
    book.void(void(1))
    assert list(woken(book)) == [10]


def test_two_keys_above_their_share_are_served_in_turn():
    book = book_of(budget("b", 100))
    for number in range(10):
        book.reserve(fixed(number, 10, holder="greedy" if number < 6 else "too"), 0)
    for number, holder in ((20, "greedy"), (21, "greedy"), (22, "too")):
        assert book.reserve(fixed(number, 10, holder=holder, wait_ms=WAIT), 0) is None
    book.void(void(9))
    assert list(woken(book)) == [22]
    book.void(void(0))
    assert list(woken(book)) == [20]


def test_waiting_elsewhere_makes_no_claim_on_a_shared_budget():
    book = book_of(budget("all", 100), budget("own", 100))
    full(book, "own")
    assert book.reserve(fixed(1, 10, "all", "own", holder="modest", wait_ms=WAIT), 0) is None
    for number in range(10, 19):
        assert isinstance(book.reserve(fixed(number, 10, "all", holder="greedy"), 0), Reserved)


# Bursts and cost


def test_two_hundred_calls_against_a_budget_for_twenty_spend_all_of_it_and_never_more():
    """R01, R02, R05–R08: everybody asks before anybody has paid."""
    book = book_of(budget("b", 20_000))
    running = [number for number in range(200) if book.reserve(fixed(number, 1_000, wait_ms=WAIT), 0) is not None]
    paid = refused = now = 0
    while running:
        number = running.pop(0)
        now += 10
        book.settle(settlement(number, 950))
        paid += 950
        assert book.account(key()).posted + book.account(key()).held <= 20_000
        for other, outcome in woken(book, now).items():
            if isinstance(outcome, Reserved):
                running.append(other)
            else:
                assert outcome.code == "budget_exceeded"
                assert 20_000 - outcome.standing.posted < 1_000
                refused += 1
    assert paid == state(book)[0]
    assert 19_000 < paid <= 20_000
    assert paid // 950 + refused == 200


def test_a_settle_does_not_look_at_waiters_of_other_accounts():
    asked = []

    def fetch(account):
        asked.append(account.budget)
        return Balance()

    book = Book(fetch)
    book.adopt([budget("a", 100), budget("b", 100)], ())
    full(book, "a", number=900)
    full(book, "b", number=901)
    for number in range(100):
        book.reserve(fixed(number, 50, "a", wait_ms=WAIT), 0)
    looked = []
    look_at = book._look_at
    book._look_at = lambda waiter, now: looked.append(waiter) or look_at(waiter, now)
    book.settle(settlement(901, 10))
    book.wake(0)
    assert looked == []
    book.settle(settlement(900, 0))
    assert len(book.wake(0)) == 2
    assert len(looked) < 10


def test_balances_are_asked_for_again_after_doubt():
    balances = {key(): Balance(posted=10, row=1)}
    book = Book(balances.__getitem__)
    book.adopt([budget("b", 100)], ())
    assert isinstance(book.reserve(fixed(1, 90, wait_ms=WAIT), 0), Reserved)
    balances[key()] = Balance(posted=50, row=1)
    book.doubt()
    assert isinstance(book.reserve(fixed(2, 51, wait_ms=WAIT), 0), Declined)
