"""The forms of a run's page."""

import re

import pytest

from farthing.domain.money import usd
from support.dashboard_world import HOSTILE

ONCE = re.compile(r'name="once" value="([0-9a-f]{16})"')
PAGE = "/dashboard/runs/r%201"


@pytest.fixture
def run(fresh):
    fresh.turn("gpt-4o-mini", [{"role": "user", "content": "Hello"}], {"team": "support", "run": "r 1"}, 10)
    fresh.gateway.flush()
    return "r 1"


def test_a_run_is_judged_and_judged_again(fresh, fresh_visitor, run):
    said = {"run": run, "score": "0.9", "note": "the refund was right"}
    answer = fresh_visitor.send("/dashboard/outcomes/judge", on=PAGE, went="well", **said)
    assert answer.headers["location"] == f"{PAGE}?done=judged"
    page = fresh_visitor.get(answer.headers["location"]).text
    assert "it counts in what a success costs" in page
    assert "the refund was right" in page
    outcome, _ = fresh.gateway.engine.outcomes.of(run)
    assert (outcome.success, outcome.score, outcome.by) == (True, 0.9, "admin side without keys")
    fresh_visitor.send("/dashboard/outcomes/judge", on=PAGE, run=run, went="badly", score="", note="")
    outcome, _ = fresh.gateway.engine.outcomes.of(run)
    assert (outcome.success, outcome.score, outcome.note) == (False, None, "")


def test_a_cost_is_booked_once_however_often_its_form_is_sent(fresh, fresh_visitor, run):
    before = fresh.gateway.engine.history.run(run).cost_nanos
    once = ONCE.search(fresh_visitor.get(PAGE).text)[1]
    said = {"run": run, "amount": "$1,000.05", "kind": "search", "note": "40 pages", "once": once}
    first = fresh_visitor.send("/dashboard/outcomes/book", on=PAGE, **said)
    again = fresh_visitor.send("/dashboard/outcomes/book", on=PAGE, **said)
    assert first.headers["location"] == f"{PAGE}?done=booked"
    assert again.headers["location"] == f"{PAGE}?done=known"
    (cost,) = fresh.gateway.engine.outcomes.of(run)[1]
    assert (cost.nanos, cost.kind, cost.note) == (1_000_050_000_000, "search", "40 pages")
    page = fresh_visitor.get(PAGE).text
    assert f'Total</th><td class="n"><data class="num" value="{usd(before + cost.nanos)}"' in page


@pytest.mark.parametrize(
    ("form", "fields", "status", "words"),
    [
        ("judge", {"went": "well", "score": "2"}, 400, "score"),
        ("judge", {"went": "well", "score": "nan"}, 400, "score"),
        ("judge", {"went": "well", "score": "high"}, 400, "number from 0 to 1"),
        ("judge", {"went": "so so"}, 400, "went"),
        ("judge", {"went": "well", "note": "x" * 201}, 400, "note"),
        ("judge", {"went": "well", "run": "nobody"}, 404, "there is no run"),
        ("judge", {"went": "well", "run": HOSTILE}, 404, "there is no run"),
        ("book", {"amount": "-1", "kind": "tool", "once": "a"}, 400, "amount"),
        ("book", {"amount": "", "kind": "tool", "once": "a"}, 400, "amount is missing"),
        ("book", {"amount": "1", "kind": "x" * 41, "once": "a"}, 400, "kind"),
        ("book", {"amount": "1", "kind": "tool", "once": "a", "run": "nobody"}, 404, "there is no run"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_nothing_is_kept(fresh, fresh_visitor, run, form, fields, status, words):
    answer = fresh_visitor.send(f"/dashboard/outcomes/{form}", on=PAGE, **{"run": run, **fields})
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert fresh.gateway.engine.outcomes.of(run) == (None, ())


def test_nobody_has_judged_it_says_so_and_leads_to_the_form(fresh_visitor, run):
    page = fresh_visitor.get(PAGE).text
    assert 'href="#judge"' in page
    assert "nobody has said yet" in page
