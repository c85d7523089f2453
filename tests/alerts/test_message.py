"""What an alert says."""

import pytest

from farthing.alerts.message import message
from farthing.alerts.rule import EVENTS
from farthing.alerts.when import parse
from support.alerting import reading


def test_a_budgets_alert_says_what_the_numbers_are_what_to_do_and_when_it_is_told_again():
    said = message(parse("budget > 80%"), [reading("support of bob", detail="the budget has spent 9 of 10 USD")])
    assert said.title == "Farthing: budget > 80%: support of bob"
    assert said.text.splitlines() == [
        "The budget has spent 9 of 10 USD.",
        "The rule is `budget > 80%`. It is told again once it has been below 72 %, or its window turns.",
        "`farthing usage` shows who spends it; `farthing budgets raise` adds to this window.",
    ]


def test_a_floor_is_calm_above_it():
    assert "above 66.6 %" in message(parse("cache_hit_rate < 60%"), [reading("")]).text


@pytest.mark.parametrize("when", ["burn_rate > 100%", "day_vs_week > 120%"])
def test_rules_that_begin_cold_say_so(when):
    assert any(word in message(parse(when), [reading()]).text for word in ("a tenth", "At least 3 days"))


def test_many_subjects_share_one_alert_that_names_the_worst():
    said = message(parse("user_hour > 5 USD"), [reading(f"user {n}", detail=f"user {n} spent much") for n in range(14)])
    assert said.title == "Farthing: user_hour > 5 USD: user 0 and 13 more"
    assert "User 9 spent much." in said.text
    assert "User 10" not in said.text
    assert "And 4 more." in said.text


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_words(event):
    text = message(parse(event), [reading("openai/gpt", detail="it happened")]).text
    assert text.startswith("It happened.\n")
    assert "quiet for an hour" in text or "cleared" in text


def test_a_title_is_one_short_line():
    assert len(message(parse("budget > 80%"), [reading("x" * 500)]).title) == 160
