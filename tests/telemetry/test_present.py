"""The present: budgets as they stand, at most so many, and the gateway's own health."""

from farthing.alerts.budgets import Limited
from farthing.domain.budget import AccountKey, Standing, Unit, Window
from farthing.ports.history import Summing
from farthing.telemetry import present
from farthing.telemetry.present import Health, Passed, of_budgets, of_health, of_past
from farthing.telemetry.tally import Spread

LIMITED = Limited(budget="all", accounts="all", unit=Unit.USD, limit=2_000_000_000, windows=(Window("lifetime", 0, 0),))


def standing(value="", posted=0, held=0, unknown=0, window="lifetime", unit=Unit.USD):
    return Standing(AccountKey("all", value, unit, window), None, posted, held, unknown)


def told(*found):
    return {
        family.name.removeprefix("farthing.budget."): {point.labels: point.value for point in family.points}
        for family in of_budgets(found)
    }


def test_money_is_told_in_its_own_unit_and_what_is_left_is_what_remains():
    found = told((LIMITED, [standing(posted=500_000_000, held=250_000_000, unknown=250_000_000)]))
    label = (("budget", "all"), ("value", ""), ("run", ""), ("unit", "usd"))
    assert {name: values[label] for name, values in found.items()} == {
        "limit": 2.0, "spent": 0.5, "reserved": 0.25, "unknown": 0.25, "left": 1.0,
    }  # fmt: skip


def test_counts_are_whole():
    calls = Limited(budget="all", accounts="all", unit=Unit.CALLS, limit=7, windows=())
    found = told((calls, [standing("kim", posted=3, unit=Unit.CALLS, window="run:r1")]))
    assert found["left"] == {(("budget", "all"), ("value", "kim"), ("run", "r1"), ("unit", "calls")): 4}


def test_a_grant_raises_what_is_told():
    account = AccountKey("all", "", Unit.USD, "lifetime")
    raised = Limited(
        budget="all",
        accounts="all",
        unit=Unit.USD,
        limit=1_000_000_000,
        windows=LIMITED.windows,
        raised=((account, 500_000_000),),
    )
    assert list(told((raised, [standing()]))["limit"].values()) == [1.5]


def test_only_the_fullest_accounts_are_told(monkeypatch):
    monkeypatch.setattr(present, "MOST_ACCOUNTS", 2)
    found = told((LIMITED, [standing(str(n), posted=n) for n in range(5)]))
    assert [dict(labels)["value"] for labels in found["spent"]] == ["4", "3"]


def test_of_overlapping_windows_the_fullest_counts():
    rolling = Limited(budget="all", accounts="all", unit=Unit.CALLS, limit=9, windows=(), rolling=True)
    found = told((rolling, [standing(posted=n, window=f"w{n}", unit=Unit.CALLS) for n in (2, 5, 3)]))
    assert list(found["spent"].values()) == [5]


def test_health_tells_only_what_this_process_knows():
    bare = {family.name for family in of_health(Health(held=2, unknown=1, firing=0, gates=0), Passed(spans=4))}
    assert "farthing.event_loop.lag" not in bare
    assert "farthing.ledger.commit.duration" not in bare
    whole = Health(
        held=2, unknown=1, firing=3, gates=1, commits=Spread([1, 0], 7), commit_bounds=(1.0,), loop_lag_seconds=0.5
    )
    found = {family.name: family for family in of_health(whole, Passed(spans=4, dropped=2))}
    assert [point.value for point in found["farthing.holds"].points] == [2, 1]
    assert found["farthing.telemetry.dropped"].points[0].value == 2
    assert found["farthing.telemetry.spans"].of_process
    assert found["farthing.ledger.commit.duration"].bounds == (1.0,)


def test_what_is_left_to_be_summed_is_told_in_hours():
    (family,) = of_past(Summing(hours=48, summed_hours=30, days=2, summed_days=1, since_ms=0))
    assert (family.name, family.points[0].value) == ("farthing.past.unsummed.hours", 18)
