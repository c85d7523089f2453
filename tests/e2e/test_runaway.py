"""A weekend of 23 agents on a simulated clock, twice: what was spent, who was told when, what the agents said last."""

from collections import Counter
from io import StringIO

import msgspec
import pytest
import uvloop
from rich.console import Console

from farthing.domain.money import parse_usd
from support.pages import DOCS, blocks
from support.weekend import telling, world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HOUR_MS = 3_600_000
WEEKEND = parse_usd(world.WEEKEND_USD)
RUN = parse_usd(world.RUN_USD)
GUIDE = DOCS / "guides" / "a-runaway-weekend.md"


@pytest.fixture(scope="module")
def alone():
    return uvloop.run(world.alone())


@pytest.fixture(scope="module")
def governed():
    return uvloop.run(world.governed())


def of(weekend, *roles):
    return [agent for agent in weekend.agents if agent.role.name in roles]


def how(agent):
    return [ending.how for ending in agent.endings]


def test_there_are_23_agents_and_18_of_them_do_not_stop_by_themselves(alone):
    assert len(alone.agents) == 23
    assert alone.running == 18
    assert {agent.role.name for agent in alone.agents if agent.due_ms is None} == {"clerk", "exporter"}


def test_the_ledger_is_the_providers_bill_to_the_nano_dollar_and_within_the_budget(governed):
    assert governed.posted_nanos == governed.nanos == sum(governed.cost_nanos.values()) == sum(governed.runs_nanos)
    assert 0.95 * WEEKEND < governed.nanos <= WEEKEND
    assert governed.open_nanos == 0


def test_without_farthing_the_same_weekend_costs_ten_times_its_budget(alone):
    assert alone.nanos > 10 * WEEKEND


def test_no_run_spends_more_than_its_own_budget(governed):
    assert max(governed.runs_nanos) <= RUN
    assert sum(nanos > RUN * 9 // 10 for nanos in governed.runs_nanos) >= 10, "and the long ones use it"


def test_honest_agents_end_as_they_would_have_ended_anyway(alone, governed):
    names = "clerk", "exporter"
    assert [agent.endings for agent in of(governed, *names)] == [agent.endings for agent in of(alone, *names)]
    assert {each for agent in of(governed, *names) for each in how(agent)} == {"done"}


def test_who_waits_for_an_export_all_night_is_no_loop(governed):
    (exporter,) = of(governed, "exporter")
    assert exporter.calls > 20


def test_agents_that_only_repeat_are_stopped_on_friday_evening_at_the_third_same_error(governed):
    for agent in of(governed, "mailer"):
        assert how(agent) == ["circuit_open"]
        assert agent.calls == 3
        assert agent.endings[0].at_ms < world.FRIDAY_MS + 2 * HOUR_MS
        assert "failed 3 times with the same error" in agent.endings[0].words


def test_agents_that_make_progress_end_with_an_answer_of_what_they_have(governed):
    for agent in of(governed, "scout", "analyst"):
        assert how(agent) == ["landed"]
    assert all("I have read 17 pages" in agent.endings[0].words for agent in of(governed, "scout"))


def test_who_is_started_again_and_again_is_stopped_by_the_weekends_budget(governed):
    for agent in of(governed, "crawler", "mail-daemon"):
        assert agent.endings[-1].how == "budget_exceeded"
        assert "The budget 'the weekend' cannot pay" in agent.endings[-1].words
    for agent in of(governed, "crawler"):
        assert set(how(agent)) == {"landed", "budget_exceeded"}
        assert how(agent) == sorted(how(agent), reverse=True), "first it lands, then it is refused"
    (daemon,) = of(governed, "mail-daemon")
    assert list(dict.fromkeys(how(daemon))) == ["circuit_open", "landed", "budget_exceeded"]


def test_what_is_refused_is_asked_once_and_never_sent(governed):
    ended = Counter(each for agent in governed.agents for each in how(agent))
    assert governed.refusals == ended["circuit_open"] + ended["budget_exceeded"]
    assert len(governed.bill) == sum(agent.calls for agent in governed.agents)


def test_people_are_told_from_friday_evening_on_each_crossing_once_and_everywhere_it_should_go(governed):
    assert governed.told[0].at_ms - world.FRIDAY_MS < 2 * HOUR_MS
    assert {(one.rule, one.to) for one in governed.told if "budget" not in one.rule} == {
        ("loop", "team-chat"),
        ("agent_hour > 0.1 USD", "phone"),
    }
    for share in (50, 80, 95):
        (one, other) = [one for one in governed.told if one.rule == f'budget "the weekend" >= {share}%']
        assert {one.to, other.to} == {"phone", "team-chat"}
        spent = governed.spent_until(one.at_ms)
        look_before = governed.spent_until(one.at_ms - world.LOOK_MINUTES * 60_000)
        assert look_before < WEEKEND * share // 100 <= spent, "at the first look after it was crossed"


def test_all_seven_that_repeat_are_told_as_loops(governed):
    subjects = {one.subject for one in governed.told if one.rule == "loop"}
    assert {f"run mailer-{number}" for number in range(1, 7)} | {"run mail-daemon.1"} <= subjects


def printed(*tellings):
    out = Console(file=StringIO(), width=140, highlight=False, markup=False, emoji=False)
    for tell, *weekends in tellings:
        tell(out, *weekends)
    return out.file.getvalue()


def whole_story(alone, governed):
    return printed(
        (telling.tell_alone, alone),
        (telling.tell_governed, governed, alone),
        (telling.tell_sums, alone, governed),
        (telling.tell_last_words, alone, governed),
    )


def test_the_story_names_every_agent_and_every_kind_of_ending(alone, governed):
    told = whole_story(alone, governed)
    last_words = told.split("4  What they said last")[1]
    assert all(f"\n{agent.name} " in last_words for agent in governed.agents)
    kinds = [line.kind for line in telling.timeline(governed)]
    assert set(kinds) == {"done", "stopped", "told", "landed", "refused"}
    assert kinds.index("stopped") < kinds.index("told") < kinds.index("landed") < len(kinds) - 1
    assert telling.held(alone, governed)


def test_sixteen_agents_have_an_answer_where_five_would_have_had_one(alone, governed):
    sums = printed((telling.tell_sums, alone, governed))
    (row,) = [line.split() for line in sums.splitlines() if "gave an answer" in line]
    assert row[-6:] == ["5", "of", "23", "16", "of", "23"]


def test_the_story_owns_up_where_the_numbers_do_not_agree(alone, governed):
    for wrong in ({"posted_nanos": governed.posted_nanos + 1}, {"open_nanos": 1}):
        other = msgspec.structs.replace(governed, **wrong)
        assert not telling.held(alone, other)
    assert "DIFFERENT" in printed(
        (telling.tell_sums, alone, msgspec.structs.replace(governed, posted_nanos=governed.posted_nanos - 1))
    )


def test_the_guide_shows_the_weekend_as_it_is(alone, governed):
    told = [line.rstrip() for line in whole_story(alone, governed).splitlines()]
    shown = [line.rstrip() for block in blocks(GUIDE) if block.language == "text" for line in block.text.splitlines()]
    assert len(shown) > 20
    assert [line for line in shown if line and line not in told] == []
