"""Cost per success in words."""

from farthing.cli.report_words import about, plain_success, said_cost, said_interval, said_rate
from farthing.ports.history import OutcomeRow
from farthing.reports.success import cost_per_success


def success(succeeded, judged, nanos):
    each = nanos / 1e9 / max(judged, 1)
    return cost_per_success(
        OutcomeRow(
            group=(),
            runs=judged,
            judged=judged,
            succeeded=succeeded,
            cost_nanos=nanos,
            judged_nanos=nanos,
            succeeded_nanos=nanos * succeeded // max(judged, 1),
            judged_square_usd=judged * each * each,
            scored=0,
            score_sum=0,
        )
    )


def test_an_interval_is_said_to_three_digits():
    assert said_interval(success(50, 100, 100 * 10**9)) == "$1.63 to $2.45"
    assert said_interval(success(50, 100, 10**6)) == "$0.0000163 to $0.0000245"


def test_few_successes_say_why_there_is_none():
    assert said_interval(success(1, 2, 10)) == "too few"
    assert (said_cost(success(0, 2, 10)), said_rate(success(0, 0, 0))) == ("–", "–")


def test_programs_get_exact_amounts():
    plain = plain_success(success(1, 3, 10))
    assert (plain["usd_per_success"], plain["failed_usd"]) == ("0.00000001", "0.000000007")


def test_an_estimate_has_no_more_digits_than_it_deserves():
    amounts = (1_234_567_890_123, 12_345_678, 100_000_000, 5, 0)
    assert [about(nanos) for nanos in amounts] == ["$1,234.57", "$0.0123", "$0.100", "$0.00000000500", "$0"]


def test_a_rate_is_said_with_its_interval():
    assert said_rate(success(8, 10, 10)) == "80% (49 to 94%)"
