"""Rounds over all rules, with facts made of values and an outbox in memory."""

import pytest

from farthing.alerts.watch import KEPT_MS, STILL_MS, Watch, Watched, merged
from farthing.alerts.when import parse
from farthing.domain.errors import LedgerUnavailable
from farthing.ports.alerts import Sums
from farthing.stores.memory.alerts import MemoryOutbox
from support.alerting import DAY_MS, HOOK, LOG, NOON, USD, PreparedFacts, limited, standing


class Scene:
    def __init__(self, *whens, to=(LOG,)):
        self.facts, self.outbox = PreparedFacts(), MemoryOutbox()
        self.watched = [Watched(rule=parse(when), to=to) for when in whens]
        self.now_ms = NOON
        self.again()

    def again(self):
        """As after a restart: only the outbox is still there."""
        self.watch = Watch(self.watched, facts=self.facts, outbox=self.outbox, limits=lambda now_ms: (limited(),))

    def step(self, spent=None):
        if spent is not None:
            self.facts.standings = (standing(spent),)
        self.facts.changes += 1
        self.now_ms += 1_000
        return self.watch.step(self.now_ms)


def test_a_crossing_is_told_once_until_it_was_calm():
    scene = Scene("budget > 80%")
    told = [len(scene.step(spent * USD)) for spent in (7, 9, 9, 8, 9, 7, 9, 10)]
    assert told == [0, 1, 0, 0, 0, 0, 1, 0]
    first, second = reversed(scene.outbox.recent(limit=9))
    assert (first.state, second.state) == ("over", "firing")
    assert first.deliveries[0].address == LOG


def test_a_restart_tells_nothing_again():
    scene = Scene("budget > 80%")
    assert scene.step(9 * USD)
    scene.again()
    assert scene.step() == ()


def test_two_watchers_of_one_outbox_tell_one_alert():
    scene = Scene("budget > 80%")
    other = Watch(scene.watched, facts=scene.facts, outbox=scene.outbox, limits=lambda now_ms: (limited(),))
    assert len(scene.step(9 * USD)) + len(other.step(scene.now_ms)) == 1


def test_while_nothing_changes_nothing_is_asked_but_time_alone_is_looked_at_now_and_then():
    scene = Scene("budget > 80%")
    scene.step()
    asked = len(scene.facts.asked)
    assert scene.watch.step(scene.now_ms + STILL_MS - 1) == ()
    assert len(scene.facts.asked) == asked
    scene.watch.step(scene.now_ms + STILL_MS)
    assert len(scene.facts.asked) == asked + 1


def test_a_clock_that_steps_back_does_not_stop_the_looking():
    scene = Scene("budget > 80%")
    scene.step()
    asked = len(scene.facts.asked)
    scene.watch.step(scene.now_ms - DAY_MS)
    assert len(scene.facts.asked) == asked + 1


def test_a_past_that_is_still_summed_up_is_asked_for_again_at_once_and_changes_nothing():
    scene = Scene("user_hour > 5 USD")
    scene.facts.of_time = lambda *_: (Sums(value="bob", cost_nanos=6 * USD),)
    assert scene.step()
    scene.facts.of_time = lambda *_: None
    assert scene.step() == ()
    assert scene.watch.latest.silent == {"user_hour > 5 USD": "the past is still being summed up"}
    assert len(scene.outbox.fired("user_hour > 5 USD")) == 1
    asked = len(scene.facts.asked)
    scene.watch.step(scene.now_ms + 1)
    assert len(scene.facts.asked) == asked + 1


def test_who_no_longer_spends_may_fire_again():
    scene = Scene("user_hour > 5 USD")
    scene.facts.of_time = lambda *_: (Sums(value="bob", cost_nanos=6 * USD),)
    assert scene.step()
    scene.facts.of_time = lambda *_: ()
    scene.step()
    assert scene.outbox.fired("user_hour > 5 USD") == ()


def test_one_rule_without_data_keeps_no_other_from_firing():
    scene = Scene("cost_per_success > 1 USD", "budget > 80%")
    (alert,) = scene.step(9 * USD)
    assert alert.rule == "budget > 80%"
    assert set(scene.watch.latest.silent) == {"cost_per_success > 1 USD"}


def test_equal_rules_are_one_told_to_everybody_once():
    twice = [Watched(rule=parse("budget > 80%"), to=(LOG, HOOK)), Watched(rule=parse("budget  >80%"), to=(HOOK,))]
    (one,) = merged(twice)
    assert one.to == (LOG, HOOK)


def test_alerts_that_are_long_over_are_forgotten():
    scene = Scene("budget > 80%")
    scene.step(9 * USD)
    scene.step(0)
    scene.now_ms += KEPT_MS + DAY_MS
    scene.step()
    assert scene.outbox.recent(limit=9) == ()


def test_other_rules_hold_from_the_next_round_on_which_comes_though_nothing_changed():
    scene = Scene("budget > 80%")
    assert scene.step(9 * USD)
    scene.watch.adopt([Watched(rule=parse("budget > 50%"), to=(LOG,))])
    (told,) = scene.watch.step(scene.now_ms + 1)
    assert told.rule == "budget > 50%"
    assert [one.rule.text for one in scene.watch.watched] == ["budget > 50%"]


def test_a_round_that_failed_is_made_again():
    scene = Scene("budget > 80%")
    accounts, failures = scene.facts.accounts, [LedgerUnavailable("no disk")]

    def failing(*asked):
        if failures:
            raise failures.pop()
        return accounts(*asked)

    scene.facts.accounts = failing
    with pytest.raises(LedgerUnavailable):
        scene.step(9 * USD)
    assert len(scene.watch.step(scene.now_ms + 1)) == 1


def test_looking_tells_nobody():
    scene = Scene("budget > 80%")
    scene.facts.standings = (standing(9 * USD),)
    found = scene.watch.look(NOON)
    assert found.found["budget > 80%"][0].breached
    assert found.told == ()
    assert scene.outbox.recent(limit=1) == ()
