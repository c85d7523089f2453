"""The book: decides who may spend. Both ledgers are this, plus a way to make it last.

Single-threaded and without clock or I/O. Moments for waiting are milliseconds of a clock that never jumps (`now`);
moments that are kept (`due_ms`) are milliseconds since 1970.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from farthing.budgets.account import Account, Balance
from farthing.budgets.admission import Exceeded, Offer, above_share, clamp, fit, tightest, without_room
from farthing.budgets.holds import Holds, nothing
from farthing.budgets.landing import NOTHING, Kept, SetAside
from farthing.budgets.open_hold import Ended, OpenHold, Part
from farthing.budgets.queue import Queue, Waiter
from farthing.domain.budget import AccountKey
from farthing.domain.hold import Declined, Reserve, Reserved, Short, Void
from farthing.domain.ids import call_of


class Answer(NamedTuple):
    """What came of a reserve that had to wait."""

    ask: Reserve
    outcome: Reserved | Declined


class _Line(NamedTuple):
    """How far a look along the waiters of one account has come. Sorts by place."""

    place: int
    number: int
    waiter: Waiter
    rest: Iterator[Waiter]
    account: AccountKey


class Book(Holds):
    """Admits, queues and refuses. See README.md beside this file for what each word means."""

    def __init__(self, fetch: Callable[[AccountKey], Balance] = nothing, *, most_waiting: int = 10_000) -> None:
        super().__init__(fetch)
        self.queue = Queue()
        self.set_aside = SetAside()
        self._most_waiting = most_waiting
        self._answers: list[Answer] = []
        self._lines_opened = 0

    def _bind(self) -> None:
        """A cut breaks no hold; a raise lets waiters in at the next `wake`."""
        super()._bind()
        self._look_at_everybody()

    def doubt(self) -> None:
        super().doubt()
        self._look_at_everybody()

    def _look_at_everybody(self) -> None:
        self.moved.update(self.accounts[key] for key in self.queue.accounts())

    def _wanted(self) -> Iterable[AccountKey]:
        return self.queue.accounts()

    # Asking

    def reserve(self, ask: Reserve, now: int) -> Reserved | Short | Declined | None:
        """Clamp, fit, wait, refuse. None: it waits, and `wake` answers. With `wait_ms` 0 it is `Reserved` or `Short`."""
        assert 0 <= ask.floor <= ask.cap
        assert ask.opening.id not in self.holds, "an attempt may hold money once"
        accounts = self.accounts_of(ask.charges)
        assert len(set(accounts)) == len(accounts), "one charge for each account"
        if self.gates and ask.gate in self.gates:
            enforced = next((account for account in accounts if account.bound is not None), None)
            if enforced is not None:
                return Declined("provider_overran", enforced.standing())
        others_wait = bool(self.queue)
        if not others_wait:
            self.moved.clear()
        elif self.moved:
            self._serve(now)
        offer = fit(ask, accounts, self._kept(ask) if ask.landing or self.set_aside else NOTHING)
        if offer is not None and not (others_wait and self._must_wait(ask, offer, accounts)):
            return self._hold(ask, offer, accounts)
        if ask.wait_ms == 0:
            return self._short(ask, accounts)
        return self._clamp_or_wait(ask, accounts, now)

    def free_landing(self, window: str) -> None:
        """The run with this window needs no last answer any more, or not for a while."""
        self.moved.update(map(self.account, self.set_aside.free(window)))

    def _kept(self, ask: Reserve) -> Kept:
        return self.set_aside.beside(ask)

    def _short(self, ask: Reserve, accounts: Sequence[Account]) -> Short:
        kept = self._kept(ask)
        verdict = clamp(ask, accounts, kept)
        if isinstance(verdict, Exceeded):
            return Short(verdict.standing(ask))
        full = tuple(charge.amount(ask.cap) for charge in ask.charges)
        return Short(Offer(ask.cap, full, without_room(accounts, full, kept)).standing(accounts))

    def _clamp_or_wait(self, ask: Reserve, accounts: Sequence[Account], now: int) -> Reserved | Declined | None:
        verdict = clamp(ask, accounts, self._kept(ask))
        if isinstance(verdict, Exceeded):
            return Declined("budget_exceeded", verdict.standing(ask))
        if not verdict.lacks and not self._must_wait(ask, verdict, accounts):
            return self._hold(ask, verdict, accounts)
        if len(self.queue) >= self._most_waiting or self._in_its_own_way(ask, verdict):
            return Declined("budget_reserved", verdict.standing(accounts))
        charged = zip(ask.charges, accounts, strict=True)
        self.queue.join(ask, {a.key: charge.amount(ask.floor) for charge, a in charged if a.bound is not None}, now)
        self.moved.update(accounts)  # who was within its share may be above it now that others wait
        self._serve(now)
        return self._answer_now(ask)

    def _answer_now(self, ask: Reserve) -> Reserved | Declined | None:
        """Take back an answer that was found while joining the queue."""
        for place, answer in enumerate(self._answers):
            if answer.ask is ask:
                del self._answers[place]
                return answer.outcome
        return None

    def _must_wait(self, ask: Reserve, offer: Offer, accounts: Sequence[Account], place: int | None = None) -> bool:
        keys = [account.key for account in accounts if account.bound is not None]
        behind = self.queue.must_wait(keys) if place is None else self.queue.must_wait(keys, place)
        return behind or self._passed_over(ask, offer, accounts)

    def _passed_over(self, ask: Reserve, offer: Offer, accounts: Sequence[Account]) -> bool:
        """Whether this holder would go above its share of an account that others, who have less of it, wait for."""
        return any(
            above_share(account, amount, ask.holder) and self.queue.others_have_less(account, ask.holder)
            for account, amount in zip(accounts, offer.amounts, strict=True)
        )

    def _in_its_own_way(self, ask: Reserve, offer: Offer) -> bool:
        """Whether, with everybody else's holds given back, the call's own earlier attempts would still block it."""
        if ask.opening.ordinal == 1 or not offer.lacks:
            return False
        call = call_of(ask.opening.id)
        own: dict[AccountKey, int] = {}
        for attempt in range(call + 1, ask.opening.id):
            hold = self.holds.get(attempt)
            for part in hold.parts if hold is not None and not hold.unknown else ():
                own[part.account] = own.get(part.account, 0) + part.amount
        return any(
            account.bound is not None and account.spent + own.get(account.key, 0) + amount > account.bound
            for account, amount in zip(self.accounts_of(ask.charges), offer.amounts, strict=True)
        )

    def _hold(self, ask: Reserve, offer: Offer, accounts: Sequence[Account], waited_ms: int = 0) -> Reserved:
        attempt, holder, parts, held = ask.opening.id, ask.holder, [], []
        for charge, account, amount in zip(ask.charges, accounts, offer.amounts, strict=True):
            account.reserve(amount, holder)
            if charge.closes_ms:
                account.closes_ms = charge.closes_ms
            least = None if account.keeps_hold else charge.base
            parts.append(Part(account.key, amount, charge.times, charge.over, least))
            held.append((account.key, amount))
        self.dirty.update(accounts)
        if ask.landing or ask.lands:
            self.set_aside.resize(ask)
            self.moved.update(accounts)  # less may be kept than before
        if self.queue:
            self._watch_room(accounts)
        self.holds[attempt] = OpenHold(attempt, tuple(parts), holder)
        return Reserved(offer.cap, offer.cap < ask.cap, tuple(held), tightest(ask.charges, accounts), waited_ms)

    def _watch_room(self, accounts: Sequence[Account]) -> None:
        """What was just taken may be what somebody, waiting for another account, would have needed here."""
        for account in accounts:
            bound = account.bound
            if bound is not None and self.queue.may_lack(account.key, bound - account.spent - account.held):
                self.moved.add(account)

    # Waiting

    def wake(self, now: int) -> list[Answer]:
        """Answers for those whose wait is over. Cheap when nothing they wait for has moved."""
        if self.moved:
            self._serve(now)
        for waiter in self.queue.overdue(now):
            self._give_up(waiter, now)
        if self.moved:
            self._serve(now)
        answers, self._answers = self._answers, []
        return answers

    def next_deadline(self) -> int | None:
        """When `wake` is wanted at the latest."""
        return self.queue.next_deadline()

    def _serve(self, now: int) -> None:
        """Look at those who wait on accounts where something moved, in the order in which they came.

        One order over all lines: who is served takes room from accounts that others, further on, wait for too.
        """
        lines: list[_Line] = []
        while self.queue and (self.moved or lines):
            while self.moved:
                self._open_line(lines, self.moved.pop(), now)
            if lines:
                line = heapq.heappop(lines)
                waiter = line.waiter
                if self.queue.find(waiter.ask.opening.id) is waiter:
                    self._look_at(waiter, now)
                    if line.account in waiter.blocks and self.queue.find(waiter.ask.opening.id) is waiter:
                        continue  # what is free on this account is earmarked for this one
                following = next(line.rest, None)
                if following is not None:
                    heapq.heappush(lines, _Line(following.place, line.number, following, line.rest, line.account))
        self.moved.clear()

    def _open_line(self, lines: "list[_Line]", account: Account, now: int) -> None:
        """Turn away who can no longer be served on this account, and begin to look at the others."""
        if account.bound is not None:
            for waiter in self.queue.hopeless(account.key, account.bound - account.spent):
                self._look_at(waiter, now)
        rest = iter(self.queue.in_line(account.key))
        first = next(rest, None)
        if first is not None:
            self._lines_opened += 1
            heapq.heappush(lines, _Line(first.place, self._lines_opened, first, rest, account.key))

    def _look_at(self, waiter: Waiter, now: int) -> None:
        """Serve, refuse or leave one waiter. It is clamped anew: what is spent may have grown since."""
        ask = waiter.ask
        accounts = self.accounts_of(ask.charges)
        verdict = clamp(ask, accounts, self._kept(ask))
        if isinstance(verdict, Exceeded):
            self._dismiss(waiter, Declined("budget_exceeded", verdict.standing(ask), now - waiter.since))
            return
        lacks = frozenset(account.key for account in verdict.lacks)
        passed_over = self._passed_over(ask, verdict, accounts)
        needs = {account.key: amount for account, amount in zip(accounts, verdict.amounts, strict=True)}
        if self.queue.mark(waiter, needs, lacks, passed_over=passed_over):
            self.moved.update(accounts)
        if not (lacks or passed_over or self.queue.must_wait(waiter.accounts, waiter.place)):
            self._dismiss(waiter, self._hold(ask, verdict, accounts, now - waiter.since))

    def _give_up(self, waiter: Waiter, now: int) -> None:
        accounts = self.accounts_of(waiter.ask.charges)
        verdict = clamp(waiter.ask, accounts, self._kept(waiter.ask))
        waited = now - waiter.since
        if isinstance(verdict, Exceeded):
            self._dismiss(waiter, Declined("budget_exceeded", verdict.standing(waiter.ask), waited))
        else:
            self._dismiss(waiter, Declined("budget_reserved", verdict.standing(accounts), waited))

    def _dismiss(self, waiter: Waiter, outcome: Reserved | Declined) -> None:
        self._forget_waiter(waiter)
        self._answers.append(Answer(waiter.ask, outcome))

    def _forget_waiter(self, waiter: Waiter) -> None:
        self.queue.leave(waiter)
        self.moved.update(map(self.account, waiter.accounts))

    def withdraw(self, attempt: int) -> Ended | None:
        """The caller left: stop waiting; what was already held is given back, and returned."""
        waiter = self.queue.find(attempt)
        if waiter is not None:
            self._forget_waiter(waiter)
            return None
        return self.void(Void(attempt=attempt, reason="withdrawn"))
