"""The queue: places, deadlines, and what each waiter keeps others from."""

from farthing.budgets.account import Account
from farthing.budgets.queue import Queue, Waiter
from support.money import attempt, fixed, key

A, B = key("a"), key("b")


def join(queue: Queue, number: int, floors, now: int = 0, wait_ms: int = 100, holder: str = "") -> Waiter:
    return queue.join(fixed(number, 1, wait_ms=wait_ms, holder=holder), floors, now)


def mark(queue: Queue, waiter: Waiter, *lacks, needs=None, passed_over=False) -> bool:
    needs = needs or dict.fromkeys(waiter.accounts, 10)
    return queue.mark(waiter, needs, frozenset(lacks), passed_over=passed_over)


def test_whoever_lacks_an_account_keeps_later_ones_from_it_and_earlier_ones_not():
    queue = Queue()
    first, second = join(queue, 1, {A: 1}), join(queue, 2, {A: 1, B: 1})
    mark(queue, second, A)
    assert queue.must_wait([A])
    assert not queue.must_wait([B])
    assert not queue.must_wait([A], first.place)
    mark(queue, first, A)
    assert queue.must_wait([A], second.place)


def test_who_is_passed_over_keeps_nobody_waiting():
    queue = Queue()
    waiter = join(queue, 1, {A: 1})
    mark(queue, waiter, A)
    assert mark(queue, waiter, A, passed_over=True)
    assert not queue.must_wait([A])
    assert not mark(queue, waiter, A, passed_over=True), "nothing changed"


def test_leaving_opens_the_account_again():
    queue = Queue()
    waiter = join(queue, 1, {A: 1})
    mark(queue, waiter, A)
    queue.leave(waiter)
    assert not queue.must_wait([A])
    assert A not in queue
    assert queue.find(attempt(1)) is None
    assert len(queue) == 0


def test_deadlines_come_in_order_and_those_who_left_have_none():
    queue = Queue()
    late, soon, gone = (join(queue, n, {A: 1}, wait_ms=ms) for n, ms in ((1, 50), (2, 10), (3, 20)))
    queue.leave(gone)
    assert queue.next_deadline() == 10
    assert list(queue.overdue(9)) == []
    assert list(queue.overdue(60)) == [soon, late]
    queue.leave(soon)
    queue.leave(late)
    assert queue.next_deadline() is None


def test_hopeless_is_who_needs_more_than_there_will_ever_be():
    queue = Queue()
    modest, greedy = join(queue, 1, {A: 5}), join(queue, 2, {A: 50})
    assert queue.hopeless(A, 50) == []
    assert queue.hopeless(A, 49) == [greedy]
    assert queue.hopeless(A, 4) == [modest, greedy]
    assert queue.hopeless(B, 0) == []


def test_taking_room_concerns_only_those_who_did_not_lack_it_yet():
    queue = Queue()
    waiter = join(queue, 1, {A: 1, B: 1})
    mark(queue, waiter, B, needs={A: 30, B: 10})
    assert queue.may_lack(A, 29)
    assert not queue.may_lack(A, 30)
    assert not queue.may_lack(B, 0), "it is lacked already"


def test_others_count_for_fair_shares_where_they_wait_for_this_account_alone():
    queue = Queue()
    account = Account(A)
    account.reserve(50, "greedy")
    other = join(queue, 1, {A: 1, B: 1}, holder="modest")
    assert queue.others_have_less(account, "greedy")
    mark(queue, other, B)
    assert not queue.others_have_less(account, "greedy")
    mark(queue, other, A)
    assert queue.others_have_less(account, "greedy")
    assert not queue.others_have_less(account, "modest")
    account.reserve(50, "modest")
    assert not queue.others_have_less(account, "greedy")
