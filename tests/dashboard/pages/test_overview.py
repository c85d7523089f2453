"""The overview."""

import re

from farthing.dashboard.figures import short_usd
from farthing.domain.money import usd


def test_today_and_the_month_are_the_ledger_s_to_the_nano_dollar(world, visitor):
    page = visitor.get("/dashboard").text
    posted = sum(line.posted for line in world.gateway.engine.records.accounts("everything, monthly"))
    shown = re.search(r'Month to date</dt><dd><div class="big"><data class="num" value="([^"]+)"', page)[1]
    rows = world.gateway.engine.history.usage(by=("month",), since_ms=0, until_ms=2**45)
    assert shown == usd(rows[-1].cost_nanos)
    assert posted == sum(row.cost_nanos for row in rows)


def test_every_budget_is_there_with_what_is_left(visitor):
    page = visitor.get("/dashboard").text
    for name in ("everything, monthly", "support, monthly", "research, daily", "each user, daily", "trial"):
        assert name in page
    assert short_usd(4_000_000) in page


def test_what_waits_and_what_fires_is_said_at_the_top(visitor):
    page = visitor.get("/dashboard").text
    assert "waits for an answer" in page
    assert "/dashboard/budgets#approvals" in page


def test_the_live_part_is_a_part(visitor):
    part = visitor.get("/dashboard/live", hx_request="true")
    assert part.status_code == 200
    assert "<html" not in part.text
    assert 'class="figures"' in part.text


def test_a_new_user_is_told_what_to_paste_and_the_first_call_turns_the_page(fresh, fresh_visitor):
    page = fresh_visitor.get("/dashboard").text
    assert f"export OPENAI_BASE_URL={fresh.url}/v1" in page
    assert f"export ANTHROPIC_BASE_URL={fresh.url}" in page
    assert "Codex" in page
    assert "6 budgets are in force" in page
    assert fresh_visitor.get("/dashboard/live?waiting=1", hx_request="true").status_code == 204
    fresh.turn("gpt-4o-mini", [{"role": "user", "content": "Hello"}], {"team": "a"}, 10)
    fresh.gateway.flush()
    fresh_visitor.get("/dashboard/live?waiting=1", hx_request="true")
    fresh.clock.jump(fresh.clock() + 2_000)
    answer = fresh_visitor.get("/dashboard/live?waiting=1", hx_request="true")
    assert answer.headers["hx-refresh"] == "true"
    assert "Latest calls" in fresh_visitor.get("/dashboard").text
