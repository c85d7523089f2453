"""How budgets stand, read for pages: what the admin side lists, as whole numbers for bars and order."""

import msgspec

from farthing.accounts.standing import BudgetStanding, share_used, standings
from farthing.budgets.window import windows
from farthing.config.engine import Engine
from farthing.config.wiring import budgets_in_force
from farthing.domain.budget import Budget, Grant, Standing, Window
from farthing.ports.directory import Stored


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One account of one budget."""

    budget: Budget
    standing: Standing

    @property
    def spent(self) -> int:
        """Posted, and what unknown outcomes hold."""
        return self.standing.posted + self.standing.unknown

    @property
    def share(self) -> float:
        """0 to 1 and beyond, reserved money included."""
        return share_used(self.standing)

    @property
    def run(self) -> str:
        """The run it counts, where it counts one."""
        window = self.standing.account.window
        return window.removeprefix("run:") if window.startswith("run:") else ""


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """All budgets at one moment."""

    every: tuple[BudgetStanding, ...]
    stored: Stored

    @property
    def lines(self) -> tuple[Line, ...]:
        """The fullest account of each budget and unit: what an overview shows."""
        found = []
        for each in self.every:
            seen = set()
            for standing in each.lines:
                if standing.account.unit not in seen:
                    seen.add(standing.account.unit)
                    found.append(Line(budget=each.budget, standing=standing))
        return tuple(found)

    def grants(self, budget: Budget) -> tuple[Grant, ...]:
        return tuple(grant for grant in self.stored.grants if grant.account.budget == budget.account_name)


def read(engine: Engine, now_ms: int) -> Room:
    """Every budget in force with its present accounts. Blocking."""
    stored = engine.directory.load()

    def present(budget: Budget) -> tuple[Window, ...]:
        return () if budget.window == "run" else windows(budget.window, budget.tz, now_ms)

    budgets = budgets_in_force(engine.settings, stored)
    return Room(every=standings(budgets, engine.records.accounts(), stored.grants, present), stored=stored)
