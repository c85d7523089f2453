"""A run is the sum of its calls, whole and in parts, to the nano-dollar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.accounts.receipt import receipt
from farthing.accounts.run_receipt import GROUPS, run_receipt
from farthing.domain.money import PICOS_PER_NANO
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.history import MemoryHistory
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.memory.records import Records
from support.receipts import CARD, LARGE, SMALL, a_settled_call, card_of, random_calls


def of(*calls, **more):
    return run_receipt((receipt(call, card_of) for call in calls), **more)


def test_a_run_is_the_sum_of_its_calls():
    calls = [a_settled_call(1, SMALL, input_tokens=1_200), a_settled_call(2, LARGE, input_tokens=300, output_tokens=9)]
    total = of(*calls, a_settled_call(3, SMALL, closing="refused", attempts=()))
    assert (total.calls, total.refused, total.attempts, total.open) == (3, 1, 2, 0)
    assert total.usage.input_tokens == 1_500
    assert total.nanos == sum(call.attempts[0].cost_nanos for call in calls)
    assert sum(line.picos for line in total.lines) == total.nanos * PICOS_PER_NANO
    assert total.unexplained_nanos == 0


def test_what_no_line_explains_is_said():
    total = of(a_settled_call(1, SMALL, input_tokens=10), a_settled_call(2, SMALL, input_tokens=10, source="estimate"))
    assert total.unexplained_nanos == total.nanos // 2 > 0


def test_parts_are_by_step_agent_and_model_the_dearest_first():
    plan = a_settled_call(1, LARGE, input_tokens=100, labels=(("agent", "a"), ("step", "plan")))
    act = a_settled_call(2, SMALL, input_tokens=100, labels=(("agent", "a"), ("step", "act")))
    parts = of(act, plan).parts
    assert [part.name for part in parts["step"]] == ["plan", "act"]
    assert [part.name for part in parts["model"]] == ["large", "small"]
    assert [(part.name, part.attempts) for part in parts["agent"]] == [("a", 2)]


def test_turns_come_in_the_order_of_arrival_and_a_refused_one_answered_nothing():
    later, earlier = a_settled_call(2, SMALL, input_tokens=20), a_settled_call(1, SMALL, input_tokens=10)
    refused = a_settled_call(3, SMALL, closing="refused", attempts=())
    total = of(later, refused, earlier)
    assert [turn.input_tokens for turn in total.turns] == [10, 20, 0]
    assert len(total.answered) == 2


def test_other_costs_stand_beside_the_models():
    search = OtherCost(run="r", at_ms=1, kind="search", nanos=5_000)
    total = of(
        a_settled_call(1, SMALL, input_tokens=10), outcome=Outcome(run="r", at_ms=1, success=True), others=(search,)
    )
    assert (total.other_nanos, total.all_nanos) == (5_000, total.nanos + 5_000)
    assert total.outcome.success


def test_a_run_without_calls_is_nothing():
    total = of()
    assert (total.calls, total.nanos, total.naive_nanos, total.turns) == (0, 0, 0, ())


@given(st.randoms(use_true_random=False))
def test_whatever_happened_every_way_of_adding_it_up_comes_to_the_same(chance):
    calls = random_calls(chance, 12)
    total = of(*calls)
    attempts = [attempt for call in calls for attempt in call.attempts]
    ledger = sum(share.posted or 0 for attempt in attempts for share in attempt.shares)
    unpriced = [attempt for attempt in attempts if attempt.state == "settled" and attempt.cost_nanos is None]
    assert total.nanos == ledger
    assert total.unpriced == len(unpriced)
    assert total.naive_nanos - sum(saving.nanos for saving in total.savings) == total.nanos
    assert (
        sum(line.picos for line in total.lines) + total.unexplained_nanos * PICOS_PER_NANO
        == total.nanos * PICOS_PER_NANO
    )
    assert sum(turn.nanos for turn in total.turns) == total.nanos
    for group in GROUPS:
        assert sum(part.nanos for part in total.parts[group]) == total.nanos
        assert sum(part.naive_nanos for part in total.parts[group]) == total.naive_nanos


@pytest.mark.parametrize("state", ["held", "unknown"])
def test_an_open_attempt_counts_and_costs_nothing_yet(state):
    total = of(a_settled_call(1, CARD["small"], input_tokens=10, state=state))
    assert (total.attempts, total.open, total.nanos) == (1, 1, 0)


@given(st.randoms(use_true_random=False))
def test_receipts_and_reports_of_the_same_past_say_the_same_to_the_nano_dollar(chance):
    calls = random_calls(chance, 12)
    records = Records()
    for call in calls:
        records.put(call)
    history = MemoryHistory(records, MemoryOutcomes(MemoryDirectory(now_ms=lambda: 0)))
    history.price_with(card_of)
    (row,) = history.usage(by=(), since_ms=0, until_ms=2**53)
    total = of(*calls)
    assert (row.cost_nanos, row.naive_nanos) == (total.nanos, total.naive_nanos)
    assert (row.calls, row.refused, row.attempts) == (total.calls, total.refused, total.attempts)
    assert (row.usage, row.unpriced, row.open) == (total.usage, total.unpriced, total.open)
