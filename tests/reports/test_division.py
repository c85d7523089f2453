"""The division of a time: exact over what it covers, and it says what that is."""

import pytest

from farthing.domain.usage import Usage
from farthing.reports.division import divide
from farthing.reports.drivers import Driver
from farthing.reports.siblings import siblings_among
from farthing.reports.verbosity import LEAST_ANSWERS
from farthing.stores.memory.records import Records
from support.priced_past import NOW_MS, PROVIDERS, call, card_of, message, prompt, some_runs

ALL_TIME = (0, 2**53)
ASK = message("user", "q", 400)


@pytest.fixture
def records():
    return Records()


def division(records, **more):
    used = [(provider, model) for model, provider in PROVIDERS.items()]
    asked = {"span_ms": ALL_TIME, "most": 10**6, "siblings": siblings_among(used, card_of), "card_of": card_of}
    return divide(records, **{**asked, **more})


def test_it_divides_what_the_records_sum_up_to_the_nano_dollar(records):
    for record in some_runs(3, runs=60):
        records.put(record)
    (row,) = records.usage(by=(), since_ms=0, until_ms=2**53)
    found = division(records, by=("workflow",))
    assert found.nanos == row.cost_nanos == sum(found.by_driver().values())
    by_workflow = {row.group: row.cost_nanos for row in records.usage(by=("workflow",), since_ms=0, until_ms=2**53)}
    for group, nanos in by_workflow.items():
        assert sum(row.nanos for row in found.rows if row.group == group) == nanos


def test_the_first_pass_learns_what_is_usual(records):
    for number in range(LEAST_ANSWERS + 5):
        records.put(call(number, prompt(ASK), Usage(input_tokens=4_100, output_tokens=100)))
    records.put(call(99, prompt(ASK), Usage(input_tokens=4_100, output_tokens=1_000)))
    assert division(records).by_driver()[Driver.VERBOSE_OUTPUT] == 800 * 10_000


def test_where_there_are_too_many_calls_it_covers_the_newest_and_says_so(records):
    for number in range(10):
        records.put(call(number, prompt(ASK), Usage(input_tokens=100), at_ms=NOW_MS + number, run="r"))
    found = division(records, most=4)
    assert (found.calls, found.in_runs, found.complete, found.since_ms) == (4, 4, False, NOW_MS + 6)
    assert found.nanos == 4 * 100 * 2_500


def test_nothing_is_divided_where_there_is_nothing(records):
    found = division(records)
    assert (found.rows, found.nanos, found.complete) == ((), 0, True)
