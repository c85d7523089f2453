"""How alerts and rules are shown."""

from msgspec.structs import replace

from farthing.alerts.watch import Round, Watched
from farthing.alerts.when import parse
from farthing.gateway.admin.alert_views import MOST_READINGS, alert_view, page_of, rules_view, trials_view
from farthing.notify.courier import Trial
from farthing.ports.alerts import Alert
from farthing.stores.memory.alerts import MemoryOutbox
from support.alerting import HOOK, LOG, NOON, an_alert, reading


def an_old(**more):
    fields = {
        "id": 1, "at_ms": NOON, "rule": "budget > 80%", "subject": "all", "value": 813_000, "threshold": 800_000,
        "title": "t", "text": "x", "state": "firing",
    }  # fmt: skip
    return Alert(**{**fields, **more})


def test_values_are_in_the_unit_of_their_rule():
    shown = alert_view(an_old())
    assert (shown.value, shown.threshold) == ("81.3 %", "80 %")
    money = alert_view(an_old(rule="user_hour > 5 USD", value=6_500_000_000, threshold=5_000_000_000))
    assert (money.value, money.threshold) == ("6.5 USD", "5 USD")
    assert alert_view(an_old(value=None)).value == ""


def test_a_rule_that_this_version_does_not_know_is_shown_in_bare_numbers():
    shown = alert_view(an_old(rule="mood < 3", value=2, threshold=3))
    assert (shown.value, shown.threshold) == ("2", "3")


def test_a_delivery_says_when_it_is_tried_again_only_while_it_waits():
    told = MemoryOutbox().tell(an_alert(), (HOOK, LOG))
    sent = replace(told, deliveries=(told.deliveries[0], replace(told.deliveries[1], state="sent", ended_ms=NOON)))
    waiting, done = alert_view(sent).deliveries
    assert (waiting.to, waiting.state, waiting.ended_at) == (HOOK.label, "waiting", None)
    assert waiting.next_at is not None
    assert (done.next_at, done.ended_at is None) == (None, False)


def test_a_full_page_names_the_next():
    assert page_of((an_old(id=9), an_old(id=7)), 2).next == 7
    assert page_of((an_old(id=9),), 2).next is None


def test_rules_show_those_nearest_to_their_threshold_first():
    over, under = parse("user_hour > 5 USD"), parse("cache_hit_rate < 60%")
    watched = [Watched(rule=rule, to=(LOG,)) for rule in (over, under, parse("loop"))]
    some = tuple(reading(f"s{n}", n * 10**9, breached=n > 5) for n in range(30))
    latest = Round(found={over.text: some, under.text: (*some, reading("none", None))})
    first, second, third = rules_view(watched, latest).rules
    assert len(first.found) == MOST_READINGS
    assert (first.found[0].subject, first.found[0].value, first.found[0].breached) == ("s29", "29 USD", True)
    assert second.found[0].subject == "s0"
    assert third.silent == "it has not been looked at yet"
    silent = rules_view(watched[:1], Round(silent={over.text: "nobody knows"})).rules[0]
    assert (silent.silent, silent.found) == ("nobody knows", ())


def test_a_trial_is_delivered_or_says_why_not():
    good, bad = trials_view((Trial(LOG), Trial(HOOK, "no"))).trials
    assert (good.delivered, good.error) == (True, "")
    assert (bad.to, bad.delivered, bad.error) == (HOOK.label, False, "no")
