"""Windows: wall clocks with 23 and 25 hour days, month ends, names that stay, and rolling windows that really hold."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.budgets.window import STEPS, WindowClock, check_window, check_zone, rolling_ms, windows
from farthing.domain.budget import Window

HOUR = 3_600_000
DAY = 24 * HOUR
ZONES = sorted(available_timezones() - {"localtime"})
SINCE, UNTIL = 1_704_067_200_000, 2_114_380_800_000  # 2024 to 2037: what the rules of today say of the future
moments = st.integers(SINCE, UNTIL)
calendars = st.sampled_from(["hour", "day", "week", "month"])


def ms(text: str, tz: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz)).timestamp() * 1000)


def only(window: str, tz: str, at_ms: int) -> Window:
    (found,) = windows(window, tz, at_ms)
    return found


def test_a_lifetime_never_closes():
    assert windows("lifetime", "UTC", 0) == windows("lifetime", "Asia/Tokyo", 10**13) == (Window("lifetime", 0, 0),)


def test_a_run_is_its_own_window_and_calls_without_one_share_an_account():
    assert windows("run", "UTC", 5, "abc") == (Window("run:abc", 0, 0),)
    assert windows("run", "UTC", 5) == (Window("run:(none)", 0, 0),)


@pytest.mark.parametrize(
    ("window", "name", "hours"),
    [
        ("hour", "2026-11-18T15:00+01:00/hour", 1),
        ("day", "2026-11-18T00:00+01:00/day", 24),
        ("week", "2026-11-16T00:00+01:00/week", 7 * 24),
        ("month", "2026-11-01T00:00+01:00/month", 30 * 24),
    ],
)
def test_a_calendar_window_is_named_by_its_first_moment(window, name, hours):
    found = only(window, "Europe/Amsterdam", ms("2026-11-18T15:42:07", "Europe/Amsterdam"))
    assert (found.name, found.closes_ms - found.opens_ms) == (name, hours * HOUR)


def test_weeks_begin_on_monday_even_across_a_new_year():
    assert only("week", "UTC", ms("2027-01-03T23:59:59")).name == "2026-12-28T00:00+00:00/week"
    assert only("week", "UTC", ms("2027-01-04T00:00:00")).name == "2027-01-04T00:00+00:00/week"


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29T12:00", 23), ("2026-10-25T12:00", 25), ("2026-10-26T12:00", 24)]
)
def test_a_day_has_as_many_hours_as_the_wall_clock_gives_it(day, hours):
    found = only("day", "Europe/Amsterdam", ms(day, "Europe/Amsterdam"))
    assert found.closes_ms - found.opens_ms == hours * HOUR


def test_the_hour_that_happens_twice_is_two_windows():
    first = ms("2026-10-25T00:30")  # 02:30 +02:00 in Amsterdam
    names = [only("hour", "Europe/Amsterdam", at).name for at in (first, first + HOUR)]
    assert names == ["2026-10-25T02:00+02:00/hour", "2026-10-25T02:00+01:00/hour"]


def test_a_clock_that_changes_by_half_an_hour_leaves_no_gap_and_no_overlap():
    at = ms("2026-04-04T14:40")  # Lord Howe goes from +11:00 back to +10:30 at 15:00 UTC
    before = only("hour", "Australia/Lord_Howe", at)
    after = only("hour", "Australia/Lord_Howe", before.closes_ms)
    assert (before.closes_ms, after.opens_ms) == (ms("2026-04-04T15:00"), ms("2026-04-04T15:00"))
    assert (after.name, after.closes_ms - after.opens_ms) == ("2026-04-05T01:30+10:30/hour", HOUR // 2)


def test_a_day_whose_midnight_is_skipped_begins_at_the_jump():
    found = only("day", "America/Santiago", ms("2026-09-06T12:00", "America/Santiago"))
    assert (found.name, found.closes_ms - found.opens_ms) == ("2026-09-06T01:00-03:00/day", 23 * HOUR)


def test_a_day_with_two_midnights_begins_at_the_first():
    found = only("day", "America/Havana", ms("2026-11-01T12:00", "America/Havana"))
    assert (found.name, found.closes_ms - found.opens_ms) == ("2026-11-01T00:00-04:00/day", 25 * HOUR)


@pytest.mark.parametrize(
    ("at", "days"),
    [
        ("2028-02-29T23:59:59", 29),
        ("2026-02-28T23:59:59", 28),
        ("2026-12-31T23:59:59", 31),
        ("2026-04-30T00:00:00", 30),
    ],
)
def test_months_end_where_they_end_leap_days_included(at, days):
    found = only("month", "UTC", ms(at))
    assert found.closes_ms - found.opens_ms == days * DAY
    assert only("month", "UTC", found.closes_ms).opens_ms == found.closes_ms


def test_r64_the_zone_of_a_window_is_never_dropped():
    """litellm#34896: the zone was stripped, and a New York day was reset nine hours late."""
    at = ms("2026-11-18T23:30", "America/New_York")
    assert only("day", "America/New_York", at).closes_ms == ms("2026-11-19T00:00", "America/New_York")
    assert only("day", "America/New_York", at).closes_ms != only("day", "UTC", at).closes_ms


def test_r65_the_next_turn_has_another_name_so_no_counter_is_ever_zeroed():
    """litellm#36941: the counter was zeroed before the new reset time was kept, and zeroed again."""
    for kind in ("hour", "day", "week", "month"):
        found = only(kind, "UTC", ms("2026-11-18T15:42:07"))
        assert only(kind, "UTC", found.closes_ms).name != found.name == only(kind, "UTC", found.closes_ms - 1).name


def test_r66_a_day_is_a_calendar_day_however_the_calls_are_spaced():
    """litellm#8364 and others: windows drifted, or never turned at all when no job ran."""
    at, names = ms("2026-11-18T23:59:59"), []
    for _ in range(5):
        names.append(only("day", "UTC", at).name[:10])
        at += 25 * HOUR
    assert names == ["2026-11-18", "2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"]


def test_r67_another_window_on_the_same_budget_is_another_account():
    """litellm#34492: a window added to a budget carried its old spend and refused at once."""
    at = ms("2026-11-01T00:00")
    names = {window.name for kind in ("day", "month", "lifetime", "rolling:24h") for window in windows(kind, "UTC", at)}
    assert len(names) == 3 + STEPS + 1


@given(calendars, st.sampled_from(ZONES), moments)
def test_calendar_windows_follow_each_other_without_gap_or_overlap(kind, tz, at):
    found = only(kind, tz, at)
    assert found.opens_ms <= at < found.closes_ms
    assert only(kind, tz, found.opens_ms) == found == only(kind, tz, found.closes_ms - 1)
    assert only(kind, tz, found.closes_ms).opens_ms == found.closes_ms


@given(calendars, st.sampled_from(ZONES), moments, moments)
def test_i17_the_window_of_a_moment_depends_on_nothing_but_the_moment(kind, tz, one, other):
    clock = WindowClock()
    early, late = sorted((one, other))
    assert clock.at(kind, tz, early) == windows(kind, tz, early)
    assert clock.at(kind, tz, late) == windows(kind, tz, late)


@given(
    st.sampled_from(["hour", "day", "month", "rolling:1h"]),
    st.lists(st.tuples(moments, st.integers(-30, 30)), min_size=1, max_size=20),
)
def test_i18_no_step_of_the_clock_opens_a_window_again(kind, steps):
    clock, opened = WindowClock(), []
    for at, hours in steps:
        for moment in (at, at + hours * HOUR):
            newest = clock.at(kind, "Europe/Amsterdam", moment)[-1]
            assert newest.closes_ms > newest.opens_ms
            opened.append(newest.opens_ms)
    assert opened == sorted(opened)


def test_a_clock_gives_each_run_its_own_window():
    clock = WindowClock()
    assert [clock.at("run", "UTC", 1, run)[0].name for run in ("a", "b", "")] == ["run:a", "run:b", "run:(none)"]
    assert clock.at("lifetime", "UTC", 2) == clock.at("lifetime", "UTC", 10**13)


def test_a_rolling_window_has_a_name_that_can_be_read():
    found = windows("rolling:24h", "UTC", ms("2026-11-18T10:00"))
    assert len(found) == STEPS + 1
    assert found[-1] == Window(
        "2026-11-18T09:00+00:00/rolling:24h", ms("2026-11-18T09:00"), ms("2026-11-18T09:00") + 27 * HOUR
    )
    assert windows("rolling:1m", "UTC", 7_500)[-1].name == "1970-01-01T00:00:07.500+00:00/rolling:1m"


@given(st.sampled_from(["rolling:1m", "rolling:5m", "rolling:24h", "rolling:30d"]), moments)
def test_a_moment_lies_in_all_of_its_rolling_windows_and_the_first_closes_first(window, at):
    found = windows(window, "UTC", at)
    assert all(one.opens_ms <= at < one.closes_ms for one in found)
    assert [one.closes_ms for one in found] == sorted(one.closes_ms for one in found)
    assert windows(window, "UTC", found[0].closes_ms - 1) == found != windows(window, "UTC", found[0].closes_ms)
    assert len({one.name for one in found}) == len(found)


@given(
    st.sampled_from(["rolling:1m", "rolling:24h"]),
    st.integers(1, 50),
    st.lists(st.tuples(st.floats(0, 0.4), st.integers(0, 30)), min_size=1, max_size=60),
)
def test_i19_in_every_interval_of_the_length_the_spend_is_within_the_limit(window, limit, calls):
    """Whatever the per-window limits admit; `(t - L, t]` has its greatest sums where an interval begins or ends at a call."""
    length = rolling_ms(window)
    spent, admitted, at = {}, [], SINCE
    for pause, amount in calls:
        at += int(pause * length)
        names = [one.name for one in windows(window, "UTC", at)]
        if all(spent.get(name, 0) + amount <= limit for name in names):
            spent.update({name: spent.get(name, 0) + amount for name in names})
            admitted.append((at, amount))
    for start, _ in admitted:
        assert sum(amount for moment, amount in admitted if start <= moment <= start + length) <= limit


def test_i19_a_limit_is_free_again_after_the_length_and_one_step():
    at = SINCE
    last = windows("rolling:24h", "UTC", at)[-1].closes_ms
    assert not set(windows("rolling:24h", "UTC", at)) & set(windows("rolling:24h", "UTC", last))
    assert last - at <= 27 * HOUR


@pytest.mark.parametrize(
    "text", ["run", "hour", "day", "week", "month", "lifetime", "rolling:24h", "rolling:30d", "rolling:1m"]
)
def test_windows_that_exist_are_accepted(text):
    assert check_window(text) == text
    assert windows(text, "UTC", SINCE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "year",
        "Day",
        "rolling",
        "rolling:",
        "rolling:0h",
        "rolling:24",
        "rolling:24s",
        "rolling:-1h",
        "rolling:1.5h",
    ],
)
def test_a_window_that_does_not_exist_is_refused_with_those_that_do(text):
    with pytest.raises(ValueError, match="rolling:24h"):
        check_window(text)


def test_a_rolling_window_of_more_than_a_leap_year_is_refused():
    assert check_window("rolling:366d")
    with pytest.raises(ValueError, match="366 days"):
        check_window("rolling:367d")


@pytest.mark.parametrize("tz", ["Mars/Olympus", "", "../etc/passwd", "Europe", "Europe/Amsterdam "])
def test_a_zone_that_does_not_exist_is_refused_with_one_that_does(tz):
    with pytest.raises(ValueError, match="Europe/Amsterdam"):
        check_zone(tz)


def test_zones_that_exist_are_accepted():
    assert check_zone("Pacific/Chatham") == "Pacific/Chatham"
    assert only("day", "Pacific/Chatham", int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp() * 1000))
