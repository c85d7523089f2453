"""Many reserve/settle pairs at once on four levels and mixed windows: nothing overspent, nothing refused that could be paid.

The benchmark in small; `python benchmarks/pairs.py --pairs 1000000` is the same in large.
"""

import asyncio
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from farthing.domain.hold import Declined, Reserved, Short
from farthing.stores.sqlite.ledger import SqliteLedger

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
PAIRS = 2_500


@pytest.fixture
def pairs(monkeypatch):
    """The benchmark as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import pairs

    return pairs


@pytest.mark.slow
def test_nothing_is_overspent_and_nothing_refused_that_could_be_paid(pairs, tmp_path):
    found = pairs.measured(tmp_path / "pairs.db", PAIRS, 64, 7)
    assert {name: wrong for name, wrong in found.wrong.items() if wrong} == {}
    assert found.figures["pairs"] >= PAIRS
    assert found.figures["clamped"] > 0
    assert sum(found.refused.values()) > PAIRS // 20, "budgets are used up, or this shows nothing"
    assert {row.budget for row in found.used_up} >= {"organisation", "run"}
    assert all(row.at_the_end > 0.9 for row in found.used_up)


# The model finds what is wrong


@pytest.fixture
def trial(pairs, tmp_path):
    """A trial whose ledger nobody has asked yet."""
    ledger = SqliteLedger.open(tmp_path / "ledger.db", what="test")
    yield pairs.Trial(ledger, pairs.World(PAIRS, 7), PAIRS)
    ledger.close_now()


async def first_refusal(pairs, trial):
    """Calls, one after another and each at its worst, until one is refused."""
    trial.ledger.adopt(trial.world.budgets, ())
    for number in range(16, 16 * 10_000, 16):
        ask = trial.world.ask()
        marks = trial.model.marks(ask)
        found = await trial.ledger.reserve(pairs.a_reserve(number, ask, wait_ms=1))
        assert not isinstance(found, Short)
        if isinstance(found, Declined):
            return ask, found.standing, marks
        assert isinstance(found, Reserved)
        trial.model.held(ask, found.cap, found.held)
        worst = (ask.input_bound, found.cap)
        trial.model.settled(ask, found.cap, worst, was_unknown=False)
        trial.ledger.settle(pairs.a_settlement(number + 1, ask, worst))
    raise AssertionError("nothing was ever refused")


def test_a_refusal_with_room_left_or_numbers_that_never_were_is_found(pairs, trial):
    ask, standing, marks = asyncio.run(first_refusal(pairs, trial))
    trial.model.refused(ask, standing, marks)
    assert trial.model.false_refusals == []
    side = trial.model.sides[standing.account]
    side.limit += 10**12
    trial.model.refused(ask, msgspec.structs.replace(standing, limit=side.limit), marks)
    side.limit -= 10**12
    trial.model.refused(ask, msgspec.structs.replace(standing, posted=standing.posted + 1), marks)
    trial.model.refused(ask, msgspec.structs.replace(standing, needed=standing.needed + 1), marks)
    kinds = Counter(entry.rpartition(": ")[2].split()[0] for entry in trial.model.false_refusals)
    assert kinds == {str(side.limit + 10**12 - standing.posted): 1, "never": 1, "the": 1}


def test_money_above_a_limit_and_an_account_that_differs_are_found(pairs, trial):
    asyncio.run(first_refusal(pairs, trial))
    model = trial.model
    assert (model.over, model.overspent_by_calendar()) == ({}, {})
    model.limits = dict.fromkeys(model.limits, 1)
    for side in model.sides.values():
        side.limit = 1
    ask = trial.world.ask()
    model.marks(ask)
    model.held(ask, ask.cap, tuple((charge.account, charge.amount(ask.cap)) for charge in ask.charges))
    assert {key.budget for key in model.over} == {budget.name for budget in trial.world.budgets}
    assert {budget for budget, _ in model.overspent_by_calendar()} == {budget.name for budget in trial.world.budgets}
    model.held(ask, ask.cap, ((ask.charges[0].account, 1),))
    assert len(model.wrong_holds) == 1
    assert len(model.differences(())) == sum(side.moves > 0 for side in model.sides.values())
