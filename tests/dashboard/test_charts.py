"""Charts are drawn from numbers in an attribute."""

import json

from farthing.dashboard.charts import DAY_MS, MOST_SERIES, is_hourly, seconds_of, stacked, steps_of, told

SINCE = 1_793_491_200_000  # 2026-11-01T00:00Z


def test_days_have_no_gap_and_the_last_one_is_there():
    assert steps_of(SINCE, SINCE + 2 * DAY_MS + 1) == ("2026-11-01", "2026-11-02", "2026-11-03")
    assert steps_of(SINCE, SINCE + 3 * DAY_MS)[-1] == "2026-11-03"


def test_up_to_two_days_are_hours():
    assert is_hourly(SINCE, SINCE + 2 * DAY_MS)
    steps = steps_of(SINCE, SINCE + DAY_MS)
    assert len(steps) == 24
    assert steps[14] == "2026-11-01T14"
    assert seconds_of(steps[14]) * 1_000 == SINCE + 14 * 3_600_000


def test_steps_have_names_for_people():
    assert told("2026-11-01") == "Sun 01 Nov"
    assert told("2026-11-01T14") == "01 Nov 14:00 UTC"


def test_the_largest_come_first_and_the_small_ones_are_one():
    groups = {f"g{n}": {"2026-11-01": n} for n in range(MOST_SERIES + 3)}
    chart = stacked(groups, ("2026-11-01", "2026-11-02"), unit="count")
    assert [series.label for series in chart.series][:2] == ["g8", "g7"]
    assert chart.series[-1].label == "all others (2)"
    assert chart.series[-1].values == (1 + 2, 0)
    assert sum(series.values[0] for series in chart.series) == sum(range(MOST_SERIES + 3))


def test_a_single_small_one_keeps_its_name():
    groups = {f"g{n}": {"2026-11-01": n + 1} for n in range(MOST_SERIES + 1)}
    assert {series.label for series in stacked(groups, ("2026-11-01",), unit="count").series} == set(groups)


def test_nothing_is_no_chart():
    assert stacked({"a": {"2026-11-01": 0}}, ("2026-11-01",), unit="usd") is None


def test_what_goes_out_is_json_with_dollars_for_the_eye():
    said = json.loads(str(stacked({"<b>": {"2026-11-01": 1_500_000_000}}, ("2026-11-01",), unit="usd")))
    assert said["series"] == [{"label": "<b>", "values": [1.5]}]
    assert said["kind"] == "bars"


def test_what_was_never_asked_for_by_name_is_with_the_others():
    chart = stacked({"a": {"2026-11-01": 5}}, ("2026-11-01",), unit="count", rest=(9, {"2026-11-01": 3}))
    assert chart.series[-1].label == "all others (9)"
    assert chart.series[-1].values == (3,)
