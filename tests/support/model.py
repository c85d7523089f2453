"""What a ledger must do, written as plainly as possible: no indexes, everything computed anew each time."""

from farthing.domain.hold import Reserve


class Model:
    """Accounts are sums over holds; waiters are a list. Amounts are nano-dollars of fixed-size or clamped asks."""

    def __init__(self, limits: dict[str, int | None], policies: dict[str, str]) -> None:
        self.limits = limits
        self.policies = policies
        self.posted: dict[str, int] = dict.fromkeys(limits, 0)
        self.holds: dict[int, dict] = {}
        self.waiting: list[Reserve] = []

    def total(self, name: str, *, unknown: bool) -> int:
        return sum(hold["amounts"].get(name, 0) for hold in self.holds.values() if (hold["due"] is not None) == unknown)

    def verdict(self, ask: Reserve) -> tuple[str, int, set[str]]:
        """`exceeded`, `fits` or `lacks`, with the clamped cap and the accounts without room."""
        cap = ask.cap
        for charge in ask.charges:
            limit = self.limits[charge.account.budget]
            while (
                limit is not None
                and cap >= ask.floor
                and self.posted[charge.account.budget]
                + self.total(charge.account.budget, unknown=True)
                + charge.amount(cap)
                > limit
            ):
                cap -= 1
        if cap < ask.floor:
            return "exceeded", cap, set()
        lacks = set()
        for charge in ask.charges:
            name, limit = charge.account.budget, self.limits[charge.account.budget]
            used = self.posted[name] + self.total(name, unknown=True) + self.total(name, unknown=False)
            if limit is not None and used + charge.amount(cap) > limit:
                lacks.add(name)
        return ("lacks" if lacks else "fits"), cap, lacks

    def hold(self, ask: Reserve, cap: int) -> None:
        amounts = {charge.account.budget: charge.amount(cap) for charge in ask.charges}
        least = {charge.account.budget: charge.amount(0) for charge in ask.charges}
        self.holds[ask.opening.id] = {"amounts": amounts, "least": least, "due": None, "seen": 0}

    def serve(self) -> dict[int, str]:
        """Who is hopeless leaves, who fits and touches nothing an earlier one lacks goes; all is looked at anew each time."""
        outcomes: dict[int, str] = {}
        while (leaving := self.first_to_leave()) is not None:
            ask, cap = leaving
            self.waiting.remove(ask)
            outcomes[ask.opening.id] = "budget_exceeded" if cap is None else f"held {cap}"
            if cap is not None:
                self.hold(ask, cap)
        return outcomes

    def first_to_leave(self) -> tuple[Reserve, int | None] | None:
        blocked: set[str] = set()
        for ask in self.waiting:
            what, cap, lacks = self.verdict(ask)
            if what == "exceeded":
                return ask, None
            if what == "fits" and not blocked & {
                charge.account.budget for charge in ask.charges if self.limits[charge.account.budget] is not None
            }:
                return ask, cap
            blocked |= lacks
        return None

    def reserve(self, ask: Reserve) -> dict[int, str]:
        self.waiting.append(ask)
        outcomes = self.serve()
        if ask.wait_ms == 0:
            whole = outcomes.get(ask.opening.id) == f"held {ask.cap}"
            if not whole:
                self.holds.pop(ask.opening.id, None)
                self.waiting = [other for other in self.waiting if other is not ask]
                outcomes[ask.opening.id] = "short"
        return outcomes

    def end(self, attempt: int, cost: int | None) -> dict[int, str]:
        """Settle for a cost, or void a hold in flight (None)."""
        hold = self.holds.get(attempt)
        if hold is not None and (cost is not None or hold["due"] is None):
            del self.holds[attempt]
            for name in hold["amounts"]:
                self.posted[name] += cost or 0
        return self.serve()

    def estimate(self, hold, name: str, amount: int) -> int:
        """Never less than was seen; the whole hold, too, unless the policy charges what was seen."""
        seen, only_seen = hold["seen"], self.policies[name] == "charge_seen"
        if seen is None:
            return min(amount, hold["least"][name]) if only_seen else amount
        return seen if only_seen else max(amount, seen)

    def lose(self, attempt: int, seen: int, due: int) -> dict[int, str]:
        hold = self.holds.get(attempt)
        if hold is not None and hold["due"] is None:
            hold["due"], hold["seen"] = due, seen
        return self.serve()

    def pass_time(self, now: int) -> dict[int, str]:
        for attempt, hold in list(self.holds.items()):
            if hold["due"] is not None and hold["due"] <= now:
                del self.holds[attempt]
                for name, amount in hold["amounts"].items():
                    self.posted[name] += self.estimate(hold, name, amount)
        return self.serve()

    def withdraw(self, attempt: int) -> dict[int, str]:
        self.waiting = [ask for ask in self.waiting if ask.opening.id != attempt]
        if attempt in self.holds and self.holds[attempt]["due"] is None:
            del self.holds[attempt]
        return self.serve()
