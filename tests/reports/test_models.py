"""Model distribution: shares of one whole."""

from farthing.domain.usage import Usage
from farthing.ports.records import UsageRow
from farthing.reports.models import distribution


def row(model, calls, refused, tokens, nanos):
    return UsageRow(
        group=(model,),
        calls=calls,
        refused=refused,
        attempts=calls - refused,
        usage=Usage(input_tokens=tokens),
        cost_nanos=nanos,
        remainder_picos=0,
        estimated_nanos=0,
        unpriced=0,
        open=0,
    )


def test_the_dearest_comes_first_with_its_share_of_everything():
    small, large = distribution([row("small", 9, 0, 900, 10), row("large", 3, 2, 100, 90)][::-1])[::-1]
    assert (large.row.group, large.calls, large.tokens, large.cost) == (("large",), 0.25, 0.1, 0.9)
    assert (small.calls, small.tokens, small.cost) == (0.75, 0.9, 0.1)


def test_a_call_costs_what_those_that_were_answered_cost_on_average_rounded_up():
    large, small = distribution([row("small", 9, 0, 900, 10), row("large", 3, 2, 100, 90)])
    assert (large.nanos_per_call, small.nanos_per_call) == (90, 2)


def test_where_all_were_refused_nothing_has_a_mean():
    (only,) = distribution([row("a", 2, 2, 0, 0)])
    assert (only.nanos_per_call, only.tokens, only.cost) == (None, None, None)
