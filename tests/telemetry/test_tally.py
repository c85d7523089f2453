"""The tally sums what the ledger has, exactly, once, and goes on after a restart."""

import msgspec
import pytest

from farthing.domain.usage import Usage
from farthing.telemetry import tally as module
from farthing.telemetry.tally import Spread, corrected, first_settled
from support.recorded import a_call
from support.tallying import LATER_MS, a_tally, a_trail, adjustment, paid, tallied

SERIES = ("chat", "openai", "gpt-4o", "a")


def test_costs_tokens_and_calls_are_summed_by_series():
    tally = tallied(paid(1), paid(2), paid(3, "b", usage=Usage(input_tokens=9, cache_read_input_tokens=4)))
    assert tally.spent[SERIES].cost_nanos == 2_000
    assert tally.spent[SERIES].naive_nanos == 4_000
    assert tally.spent[SERIES].attempts == 2
    assert dict(zip(Usage.__struct_fields__, tally.spent[*SERIES[:3], "b"].tokens, strict=True))["input_tokens"] == 9
    assert sum(tally.ended.values()) == 3
    [spreads] = tally.spreads.values()
    assert spreads.seconds.count == 3
    assert spreads.seconds.thousandths == 2_700


def test_a_refusal_costs_nothing_and_says_its_code():
    tally = tallied(a_call(1, closing="refused"))
    assert tally.spent == {}
    [(series, outcome, _)] = tally.ended
    assert (series[1], outcome) == ("", "refused")
    [(_, _, _, error)] = tally.spreads
    assert error == "refused"


def test_an_estimate_and_a_call_without_a_price_are_told_apart():
    tally = tallied(paid(1, source="estimate", cost_nanos=70), paid(2, cost_nanos=None))
    assert tally.spent[SERIES].estimated_nanos == tally.spent[SERIES].cost_nanos == 70
    assert tally.spent[SERIES].unpriced == 1


def test_overruns_are_counted():
    assert tallied(paid(1, flags=("overran_cap",))).spent[SERIES].overruns == 1


def test_void_attempts_are_not_spending():
    assert tallied(a_call(1, attempts=({"state": "void"},))).spent == {}


@pytest.mark.parametrize("settled", ['"settled"', "2"])
def test_a_correction_leaves_the_counter_and_stands_beside_it(settled):
    call = paid(1, cost_nanos=300)
    attempt = call.attempts[0].opening.id
    made = adjustment(
        attempt, f'{{"state": {settled}, "source": "provider", "cost_nanos": 1000}}', '{"state": 2, "cost_nanos": 300}'
    )
    late = msgspec.structs.replace(call, adjustments=(made,))
    seen_before, trail = a_trail(paid(1, cost_nanos=1_000))
    tally = a_tally(trail)
    tally.bring_on(LATER_MS, 0, 10)
    seen_before.put(late)
    tally.bring_on(LATER_MS, 0, 10)
    for one in (tally, tallied(late)):  # whether it was counted before the correction or after
        assert one.spent[SERIES].cost_nanos == 1_000
        assert one.corrected_nanos == -700
        assert one.spent[SERIES].cost_nanos + one.corrected_nanos == 300


def test_the_first_word_on_an_unknown_outcome_is_no_correction():
    call = paid(1, cost_nanos=300)
    made = adjustment(
        call.attempts[0].opening.id, '{"state": 1, "cost_nanos": null}', '{"state": 2, "cost_nanos": 300}'
    )
    call = msgspec.structs.replace(call, adjustments=(made,))
    assert corrected(made) == 0
    assert first_settled(call, call.attempts[0]).cost_nanos == 300
    assert tallied(call).spent[SERIES].cost_nanos == 300


def test_a_void_attempt_that_was_billed_after_all_is_a_correction():
    call = paid(1, cost_nanos=300)
    made = adjustment(call.attempts[0].opening.id, '{"state": "void"}', '{"state": "settled", "cost_nanos": 300}')
    tally = tallied(msgspec.structs.replace(call, adjustments=(made,)))
    assert tally.spent == {}
    assert tally.corrected_nanos == 300


def test_it_goes_on_after_a_restart_without_counting_anything_twice():
    records, trail = a_trail(paid(1))
    before = a_tally(trail)
    before.bring_on(LATER_MS, 0, 10)
    after = a_tally(trail)
    assert after.go_on(before.keep())
    records.put(paid(2))
    after.bring_on(LATER_MS, 0, 10)
    assert after.spent[SERIES].cost_nanos == 2_000
    assert after.spreads.keys() == before.spreads.keys()


def test_what_was_summed_by_other_labels_or_cannot_be_read_is_summed_anew():
    kept = tallied(paid(1)).keep()
    assert not a_tally(a_trail()[1], labels=("user",)).go_on(kept)
    assert not a_tally(a_trail()[1], most_values=3).go_on(kept)
    assert not a_tally(a_trail()[1]).go_on(b"{")


def test_more_values_than_allowed_share_one():
    tally = tallied(*(paid(n, f"team{n}") for n in range(5)), most_values=3)
    assert {series[3]: spent.attempts for series, spent in tally.spent.items()} == {
        "team0": 1,
        "team1": 1,
        "team2": 1,
        "(other)": 2,
    }


def test_more_series_than_allowed_share_one(monkeypatch):
    monkeypatch.setattr(module, "MOST_SERIES", 2)
    tally = tallied(*(paid(n, f"team{n}") for n in range(5)))
    assert tally.spent["chat", "(other)", "(other)", "(other)"].attempts == 3


def test_a_value_at_a_bound_falls_below_it():
    spread = Spread([0, 0, 0])
    for thousandths in (1_000, 1_001, 9_000):
        spread.add((1.0, 2.0), thousandths)
    assert spread.counts == [1, 1, 1]
    assert spread.thousandths == 11_001


def test_a_value_that_is_forgotten_keeps_its_sums_under_another():
    tally = tallied(paid(1), paid(2), paid(3, "b"))
    before = tally.spent[SERIES].cost_nanos
    tally.rename("team", "a", "P")
    tally.rename("user", "b", "Q")
    assert tally.spent[*SERIES[:3], "P"].cost_nanos == before
    assert SERIES not in tally.spent
    assert sum(tally.ended.values()) == 3
    assert b'"a"' not in tally.keep()
    assert tally.spent[*SERIES[:3], "b"].attempts == 1
