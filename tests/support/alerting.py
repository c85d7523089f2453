"""Facts made of values, and short ways to write alerts, for the tests of alerts."""

from farthing.alerts.budgets import Limited
from farthing.domain.budget import AccountKey, Standing, Unit, Window
from farthing.ports.alerts import Address, NewAlert, Reading

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOON = 1_800_014_400_000
"""2027-01-15 12:00 UTC."""
MIDNIGHT = NOON - 12 * HOUR_MS
USD = 1_000_000_000
DAY = Window("2027-01-15T00:00+00:00/day", MIDNIGHT, MIDNIGHT + DAY_MS)


class PreparedFacts:
    """Implements ports.alerts.Facts: answers are set by the test, questions are counted."""

    def __init__(self):
        self.standings = ()
        self.of_time = lambda by, since_ms, until_ms: ()
        self.growing = ()
        self.events = {}
        self.changes = 0
        self.asked = []

    def stamp(self):
        return self.changes

    def accounts(self, budget, unit, windows, at_least):
        self.asked.append(("accounts", budget, unit, windows, at_least))
        return tuple(
            one
            for one in self.standings
            if (one.account.budget, one.account.unit) == (budget, unit)
            and (one.account.window in windows or not windows)
            and one.posted + one.unknown >= at_least
        )

    def sums(self, by, since_ms, until_ms):
        self.asked.append(("sums", by, since_ms, until_ms))
        return self.of_time(by, since_ms, until_ms)

    def contexts(self, since_ms, until_ms):
        self.asked.append(("contexts", since_ms, until_ms))
        return self.growing

    def happenings(self, kind, since_ms):
        self.asked.append(("happenings", kind, since_ms))
        return self.events.get(kind, ())

    def close(self):
        pass


def limited(name="all", limit=10 * USD, unit=Unit.USD, windows=(DAY,), **more):
    return Limited(budget=name, accounts=name, unit=unit, limit=limit, windows=windows, **more)


def standing(posted, name="all", value="", unit=Unit.USD, window=DAY.name, unknown=0, held=0, closes_ms=0):
    return Standing(AccountKey(name, value, unit, window), None, posted, held, unknown, closes_ms=closes_ms)


def reading(subject="all", value=9, window="", **more):
    return Reading(subject=subject, value=value, window=window, **{"breached": True, **more})


def an_alert(*subjects, rule="budget > 80%", at_ms=NOON, window=""):
    readings = tuple(reading(subject, window=window) for subject in subjects or ("all",))
    return NewAlert(rule=rule, at_ms=at_ms, readings=readings, threshold=8, title="it is full", text="all of it")


LOG = Address("10c0000000000000", "log")
HOOK = Address("400c000000000000", "https://hooks.example.com (env:ALERT_URL)")
