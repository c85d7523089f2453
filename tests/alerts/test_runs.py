"""Contexts that grow, and things that happened."""

from farthing.alerts.facts import Known
from farthing.alerts.runs import closed_gate, context_growth, happenings, overruns, unknown_outcomes
from farthing.alerts.when import parse
from farthing.ports.alerts import Context, Happening
from support.alerting import HOUR_MS, NOON, PreparedFacts


def grown(first, last, agent="triage"):
    facts = PreparedFacts()
    facts.growing = (Context(run="r1", agent=agent, first_tokens=first, last_tokens=last),)
    return context_growth(parse("context_growth > 2x"), Known(facts, NOON))


def test_a_context_that_grew_beyond_the_threshold_is_seen():
    (found,) = grown(3_000, 6_300)
    assert (found.value, found.breached, found.subject) == (2_100_000, True, "run r1, agent triage")
    assert (
        found.detail
        == "the last 3 turns of run r1, agent triage had 2100 input tokens each, 2.1x the 1000 of its first 3"
    )
    assert not grown(3_000, 6_000)[0].breached


def test_a_run_without_agent_is_named_by_itself_and_one_without_input_is_left_out():
    assert grown(3, 9, agent="")[0].subject == "run r1"
    assert grown(0, 9) == ()


def test_what_happened_in_the_last_hour_is_told_for_each_subject():
    facts = PreparedFacts()
    facts.events = {
        "loop": (
            Happening(subject="run r1", times=4, detail="the same call again"),
            Happening(subject="run r2", times=1),
        )
    }
    first, second = happenings(parse("loop"), Known(facts, NOON))
    assert (first.subject, first.value, first.breached, first.detail) == ("run r1", 4, True, "the same call again")
    assert second.detail == "loop: run r2"
    assert facts.asked == [("happenings", "loop", NOON - HOUR_MS)]


def test_each_happening_of_the_ledger_has_its_words():
    assert (
        overruns("openai/gpt", 1).detail == "an attempt at openai/gpt cost more than was held, in the last 60 minutes"
    )
    assert overruns("openai/gpt", 3).detail.startswith("3 attempts")
    assert unknown_outcomes("openai/gpt", 1).detail == "nobody knows the outcome of one attempt at openai/gpt yet"
    assert unknown_outcomes("openai/gpt", 2).times == 2
    assert closed_gate("openai/gpt", "200 of 100").detail == "openai/gpt broke the output cap it was sent: 200 of 100"
