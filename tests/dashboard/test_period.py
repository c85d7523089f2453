"""Which stretch of time a page shows."""

import pytest

from farthing.dashboard.charts import DAY_MS
from farthing.dashboard.forms import Query
from farthing.dashboard.period import LONGEST_DAYS, period_of

NOW = 1_795_354_245_000  # 2026-11-22T14:10:45Z


def of(usual="7d", **said):
    return period_of(Query(tuple((name.rstrip("_"), value) for name, value in said.items())), NOW, usual)


def test_seven_days_are_today_and_six_whole_ones_before():
    period = of()
    assert (period.first, period.last) == ("2026-11-16", "2026-11-22")
    assert period.since_ms % DAY_MS == 0
    assert period.until_ms == NOW + 1
    assert period.words == "the last 7 days"


def test_a_month_begins_on_its_first():
    assert of(since="month").first == "2026-11-01"
    assert of(since="month").words == "this month"


def test_a_day_is_twenty_four_whole_hours():
    assert of(since="24h").until_ms - of(since="24h").since_ms <= DAY_MS


def test_days_of_one_s_own_include_the_last_one():
    period = of(from_="2026-10-01", to="2026-10-02")
    assert period.until_ms - period.since_ms == 2 * DAY_MS
    assert period.words == "2026-10-01 to 2026-10-02"


def test_days_in_the_wrong_order_and_too_many_are_cut():
    assert of(from_="2026-12-01", to="2026-11-01").first == "2026-11-01"
    period = of(from_="2001-01-01", to="2026-11-01")
    assert (period.until_ms - period.since_ms) // DAY_MS == LONGEST_DAYS + 1


@pytest.mark.parametrize("nonsense", ["-1d", "", "9999d", "<script>"])
def test_nonsense_is_the_usual(nonsense):
    assert of(since=nonsense, usual="30d").preset == "30d"
    assert of(from_=nonsense).preset == "7d"
