"""Drivers of cost: every nano-dollar stands under exactly one, and under the right one."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from farthing.domain.usage import Usage
from farthing.pricing.cost import Line
from farthing.reports.conversation import Sent
from farthing.reports.drivers import FORGET_AFTER_MS, Driver, Drivers, weights_of
from farthing.reports.siblings import siblings_among
from farthing.reports.verbosity import References
from support.priced_past import NOW_MS, PROVIDERS, call, card_of, message, prompt, some_runs

USED = [(provider, model) for model, provider in PROVIDERS.items()]
ASK = message("user", "q", 400)


def divided(records, *, references=None, used=(), by=()):
    drivers = Drivers(
        references=references or References(), siblings=siblings_among(used, card_of), card_of=card_of, by=by
    )
    for record in records:
        drivers.take(record)
    return drivers.rows()


def sums(records, **more):
    return {row.driver: row.nanos for row in divided(records, **more)}


def spend(records):
    return sum(attempt.cost_nanos or 0 for record in records for attempt in record.attempts)


def learned(records):
    references = References()
    for record in records:
        references.take(record.opening.labels, record.opening.model, record.attempts[0].usage.output_tokens)
    return references


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([(), ("workflow",), ("run", "workflow")]))
def test_the_parts_sum_to_the_spend_to_the_nano_dollar(seed, by):
    records = list(some_runs(seed))
    rows = divided(records, references=learned(records), used=USED, by=by)
    assert sum(row.nanos for row in rows) == spend(records)
    assert all(row.nanos > 0 for row in rows)
    assert len({(row.group, row.driver) for row in rows}) == len(rows)


def test_every_driver_is_met_in_such_a_past():
    records = list(some_runs(1, runs=200))
    simple = [
        call(10_000 + n, prompt(ASK), Usage(input_tokens=100, output_tokens=5), at_ms=NOW_MS + 10**9) for n in range(3)
    ]
    found = sums([*records, *simple], references=learned(records), used=USED)
    assert set(found) == set(Driver) - {Driver.OTHER}


def test_what_is_sent_again_costs_what_it_was_billed():
    first = call(1, prompt(ASK), Usage(input_tokens=100, output_tokens=1), run="r")
    again = Usage(input_tokens=1_000, cache_read_input_tokens=100, output_tokens=1)
    second = call(2, prompt(ASK, message("user", "more", 3_600)), again, run="r")
    found = sums([first, second])
    rates = card_of(second.attempts[0].opening).variants[""][0].rates
    assert found[Driver.CONTEXT] * 1_000 == 100 * rates.cache_read
    assert found[Driver.NEW_INPUT] * 1_000 == (100 + 900) * rates.input
    assert found[Driver.OUTPUT] * 1_000 == 2 * rates.output


def test_a_system_prompt_is_paid_for_once_and_repeated_after_that():
    records = [
        call(n, prompt(ASK, head=3_600), Usage(input_tokens=1_000, output_tokens=1), run="r", at_ms=NOW_MS + n)
        for n in range(3)
    ]
    found = sums(records)
    assert found[Driver.SYSTEM_PROMPT] == 9 * found[Driver.CONTEXT] == 2 * 900 * 2_500


def test_calls_without_a_run_send_nothing_again():
    records = [call(n, prompt(ASK, head=900), Usage(input_tokens=325, output_tokens=1)) for n in range(4)]
    assert set(sums(records)) == {Driver.NEW_INPUT, Driver.OUTPUT}


def test_another_run_has_another_past():
    records = [call(n, prompt(ASK), Usage(input_tokens=100, output_tokens=1), run=f"r{n}") for n in range(4)]
    assert Driver.CONTEXT not in sums(records)


def test_a_run_that_was_silent_for_a_day_begins_anew():
    usage = Usage(input_tokens=100, output_tokens=1)
    early, late = (call(n, prompt(ASK), usage, run="r", at_ms=NOW_MS + n * FORGET_AFTER_MS) for n in range(2))
    assert Driver.CONTEXT not in sums([early, late])
    soon = call(2, prompt(ASK), usage, run="r", at_ms=NOW_MS + FORGET_AFTER_MS - 1)
    assert Driver.CONTEXT in sums([early, soon])


def test_a_large_model_on_a_simple_step_costs_what_the_small_one_would_not_have():
    usage = Usage(input_tokens=1_000, output_tokens=100)
    large, small = (call(n, prompt(ASK), usage, model=model) for n, model in enumerate(("gpt-4o", "gpt-4o-mini")))
    found = sums([large], used=USED)
    assert found[Driver.LARGE_MODEL] == spend([large]) - spend([small])
    assert sum(found.values()) == spend([large])


def test_a_sibling_that_saves_less_than_half_is_not_held_against_a_model():
    opus = call(1, prompt(ASK), Usage(input_tokens=1_000, output_tokens=100), model="claude-opus-4-6")
    assert Driver.LARGE_MODEL not in sums([opus], used=[("anthropic", "claude-sonnet-4-5")])
    assert Driver.LARGE_MODEL in sums([opus], used=[("anthropic", "claude-haiku-4-5")])


def test_output_beyond_twice_the_usual_is_verbose():
    usual = [call(n, prompt(ASK), Usage(input_tokens=100, output_tokens=100)) for n in range(30)]
    long = call(50, prompt(ASK), Usage(input_tokens=100, output_tokens=900))
    found = sums([*usual, long], references=learned(usual))
    assert found[Driver.VERBOSE_OUTPUT] * 200 == found[Driver.OUTPUT] * 700 // (30 * 100 + 200) * 200


def test_what_no_book_explains_is_other():
    unknown = call(1, prompt(ASK), Usage(input_tokens=100, output_tokens=1), model="gpt-unknown-99", nanos=777)
    silent = call(2, prompt(ASK), None, nanos=333)
    assert sums([unknown, silent]) == {Driver.OTHER: 1_110}


def test_another_amount_than_the_books_is_divided_in_its_proportions():
    usage = Usage(input_tokens=1_000, output_tokens=250)
    found = sums([call(1, prompt(ASK), usage, nanos=1_001, source="operator")])
    assert found == {Driver.NEW_INPUT: 501, Driver.OUTPUT: 500}


def test_what_cost_nothing_is_in_no_row():
    assert divided([call(1, prompt(ASK), None, state="held")]) == ()


def test_rows_count_the_calls_that_have_a_part():
    records = [call(n, prompt(ASK), Usage(input_tokens=100, output_tokens=1), team="a") for n in range(3)]
    rows = divided(records, by=("team", "agent"))
    assert [(row.group, row.driver, row.calls) for row in rows] == [
        (("a", ""), Driver.NEW_INPUT, 3),
        (("a", ""), Driver.OUTPUT, 3),
    ]


def test_the_prompt_is_billed_from_its_front_cached_first():
    bill = [Line("input", 50, 10, 500), Line("cache_read", 50, 1, 50), Line("web_search", 1, 99, 99)]
    weights = weights_of(bill, ((Sent.PROMPT, 50), (Sent.HISTORY, 25), (Sent.NEW, 25)), usual_output=None)
    assert weights == {Driver.SYSTEM_PROMPT: 50, Driver.CONTEXT: 250, Driver.NEW_INPUT: 250, Driver.OTHER: 99}


def test_a_prompt_of_which_nothing_is_known_is_new():
    assert weights_of([Line("input", 50, 10, 500)], (), usual_output=None) == {Driver.NEW_INPUT: 500}


def test_two_attempts_of_one_call_are_both_divided():
    record = call(1, prompt(ASK), Usage(input_tokens=100, output_tokens=1), run="r")
    twice = msgspec.structs.replace(record, attempts=record.attempts * 2)
    assert sum(sums([twice]).values()) == 2 * spend([record])
