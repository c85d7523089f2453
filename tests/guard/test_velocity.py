"""Cost velocity: silent without history, robust against odd past runs, and loud when spending runs away."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.guard.velocity import (
    MOST_PAST,
    MOST_RUNS,
    MOST_WORKFLOWS,
    Against,
    Pace,
    Surprise,
    Velocities,
    VelocityRules,
    bar,
    median,
)

MINUTE = 60_000
CENT = 10_000_000
RULES = VelocityRules(window_minutes=5, own_minutes=10, past_runs=8, times=4, deviations=6, least_nanos=CENT)


def steady(velocities: Velocities, minutes: int, nanos: int, run: str = "r", start: int = 0) -> list[Surprise | None]:
    return [velocities.charge(run, nanos, now_ms=(start + n) * MINUTE) for n in range(minutes)]


@given(st.lists(st.integers(0, 10**15), min_size=1))
def test_the_median_has_as_many_values_below_as_above(values):
    middle = median(values)
    assert sum(v < middle for v in values) <= len(values) / 2
    assert sum(v > middle for v in values) <= len(values) / 2


@given(st.integers(0, 10**15), st.integers(1, 30))
def test_a_history_of_equal_values_has_a_bar_at_so_many_times_them(value, length):
    assert bar([value] * length, RULES) == (value, max(4 * value, CENT))


def test_a_scattered_history_has_its_bar_at_so_many_deviations():
    rules = VelocityRules(times=1, deviations=6, least_nanos=0)
    assert bar([500, 100, 300, 200, 400], rules) == (300, 300 + 6 * 100 * 1_483 // 1_000)


@given(st.lists(st.integers(CENT, 2 * CENT), min_size=9, max_size=9), st.integers(0, 10**18))
def test_one_odd_run_cannot_lift_the_bar_out_of_sight(values, odd):
    assert bar([*values, odd], RULES)[1] <= 20 * CENT


def test_velocity_is_what_the_last_minutes_cost_divided_by_their_number():
    pace = Pace("", 5)
    pace.charge(100, 0)
    pace.charge(400, 30_000)
    assert pace.velocity(MINUTE) == 100
    pace.charge(500, 4 * MINUTE)
    assert pace.velocity(4 * MINUTE) == 200
    assert pace.velocity(5 * MINUTE) == 100
    assert pace.velocity(9 * MINUTE) == 0
    assert (pace.peak_nanos, pace.earlier) == (200, (500, 500))


def test_without_history_nothing_is_a_surprise():
    velocities = Velocities(RULES)
    assert velocities.charge("r", 10**15, now_ms=0, workflow="w") is None
    assert velocities.check("unheard of", now_ms=0) is None


def test_a_run_that_keeps_its_pace_is_no_surprise():
    assert set(steady(Velocities(RULES), 500, 5 * CENT)) == {None}


def test_a_run_that_spends_much_faster_than_before_is_one():
    velocities = Velocities(RULES)
    steady(velocities, 20, 5 * CENT)
    found = velocities.charge("r", 200 * CENT, now_ms=20 * MINUTE)
    assert found == Surprise(against=Against.RUN, nanos=44 * CENT, usual_nanos=5 * CENT, bar_nanos=20 * CENT, seen=16)
    assert found.message == (
        "spends 0.44 USD a minute; the median of its own 16 earlier active minutes is 0.05 USD,"
        " and more than 0.2 USD is unusual"
    )
    assert velocities.check("r", now_ms=20 * MINUTE) == found
    assert velocities.check("r", now_ms=25 * MINUTE) is None


def test_its_own_history_speaks_only_after_enough_active_minutes():
    velocities = Velocities(RULES)
    steady(velocities, 14, 5 * CENT)
    assert velocities.charge("r", 10**12, now_ms=14 * MINUTE) is not None
    velocities = Velocities(RULES)
    steady(velocities, 13, 5 * CENT)
    assert velocities.charge("r", 10**12, now_ms=13 * MINUTE) is None


def test_a_pause_and_then_the_old_pace_is_no_surprise():
    velocities = Velocities(RULES)
    steady(velocities, 20, 5 * CENT)
    assert set(steady(velocities, 20, 5 * CENT, start=10_000)) == {None}


def test_a_run_is_compared_with_the_fastest_minutes_of_past_runs():
    velocities = Velocities(RULES)
    for n in range(8):
        velocities.learn("w", (2 + n % 2) * CENT)
    assert velocities.charge("r", 50 * CENT, now_ms=0, workflow="w") is None
    found = velocities.charge("r", 10 * CENT, now_ms=1, workflow="w")
    assert (found.against, found.nanos, found.seen) == (Against.WORKFLOW, 12 * CENT, 8)
    assert "8 past runs of its workflow" in found.message


def test_a_workflow_speaks_only_after_enough_runs():
    velocities = Velocities(RULES)
    for _ in range(7):
        velocities.learn("w", CENT)
    assert velocities.charge("r", 10**12, now_ms=0, workflow="w") is None
    velocities.learn("w", CENT)
    assert velocities.charge("r", 10**12, now_ms=0, workflow="w") is not None
    assert velocities.charge("other", 10**12, now_ms=0, workflow="v") is None


def test_a_workflow_learns_from_runs_that_end():
    velocities = Velocities(RULES)
    for n in range(8):
        velocities.charge(f"r{n}", 10 * CENT, now_ms=0, workflow="w")
        velocities.end(f"r{n}")
    assert velocities.charge("r", 41 * CENT, now_ms=0, workflow="w").usual_nanos == 2 * CENT
    velocities.end("unheard of")


def test_small_change_is_never_a_surprise():
    velocities = Velocities(RULES)
    for _ in range(20):
        velocities.learn("w", 1)
    assert velocities.charge("r", 5 * CENT, now_ms=0, workflow="w") is None
    assert velocities.charge("r", 5, now_ms=0, workflow="w") is not None


def test_time_that_goes_back_counts_into_the_latest_minute():
    pace = Pace("", 5)
    pace.charge(500, 10 * MINUTE)
    pace.charge(500, 0)
    assert pace.velocity(10 * MINUTE) == 200


def test_memory_is_bounded():
    velocities = Velocities(RULES)
    for n in range(MOST_RUNS + 50):
        velocities.charge(f"r{n}", CENT, now_ms=0, workflow=f"w{n % 10}")
    assert len(velocities._paces) == MOST_RUNS
    for n in range(MOST_WORKFLOWS + 50):
        velocities.learn(f"v{n}", CENT)
    assert len(velocities._past) == MOST_WORKFLOWS
    for _ in range(200):
        velocities.learn("v", CENT)
    assert len(velocities._past["v"]) == MOST_PAST


def test_runs_that_fell_silent_are_ended_and_their_workflow_learns():
    velocities = Velocities(RULES)
    for n in range(RULES.past_runs):
        velocities.charge(f"r{n}", 20 * CENT, now_ms=0, workflow="w")
    velocities.charge("late", CENT, now_ms=30 * MINUTE, workflow="w")
    velocities.end_silent(30 * MINUTE, 15 * MINUTE)
    surprise = velocities.charge("new", 500 * CENT, now_ms=31 * MINUTE, workflow="w")
    assert surprise is not None
    assert surprise.against is Against.WORKFLOW
    velocities.end_silent(45 * MINUTE, 15 * MINUTE)
    assert velocities.check("late", now_ms=45 * MINUTE) is None
