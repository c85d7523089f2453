"""Cache hit rates over time: gaps are gaps, and the whole is weighed by tokens."""

from farthing.domain.usage import Usage
from farthing.ports.records import UsageRow
from farthing.reports.caches import over_time


def row(group, tokens, read):
    return UsageRow(
        group=group,
        calls=1,
        refused=0,
        attempts=1,
        usage=Usage(input_tokens=tokens, cache_read_input_tokens=read),
        cost_nanos=0,
        remainder_picos=0,
        estimated_nanos=0,
        unpriced=0,
        open=0,
    )


def test_every_line_has_every_step_and_the_most_input_comes_first():
    b, a = over_time([row(("a", "d1"), 10, 5), row(("a", "d2"), 30, 30), row(("b", "d2"), 100, 0)])
    assert (a.group, a.rate, a.steps) == (("a",), 0.875, (("d1", 0.5), ("d2", 1.0)))
    assert (b.group, b.rate, b.steps) == (("b",), 0.0, (("d1", None), ("d2", 0.0)))


def test_no_rows_are_no_lines():
    assert over_time([]) == ()
