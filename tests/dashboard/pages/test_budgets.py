"""Budgets: the tree, and why a call was refused."""

from farthing.accounts.standing import BudgetStanding
from farthing.dashboard.pages.budgets import tree
from farthing.domain.budget import Budget
from farthing.domain.ids import show

TEAM = Budget(name="team a", match=(("team", "a"),))
USER = Budget(name="ada of a", match=(("team", "a"), ("user", "ada")))
RUN = Budget(name="run of a", match=(("team", "a"),), window="run")
OTHER = Budget(name="team b", match=(("team", "b"),))
ALL = Budget(name="all")


def drawn(*budgets):
    return [(depth, each.budget.name) for depth, each in tree([BudgetStanding(budget=b, lines=()) for b in budgets])]


def test_narrower_budgets_stand_below_wider_ones():
    assert drawn(USER, TEAM, ALL, OTHER, RUN) == [
        (0, "all"),
        (1, "team a"),
        (2, "ada of a"),
        (2, "run of a"),
        (1, "team b"),
    ]


def test_budgets_without_one_for_all_are_side_by_side():
    assert drawn(TEAM, OTHER) == [(0, "team a"), (0, "team b")]
    assert drawn() == []


def test_two_of_the_same_scope_are_both_there():
    twin = Budget(name="twin", match=(("team", "a"),))
    assert drawn(TEAM, twin) == [(0, "team a"), (0, "twin")]


def test_why_a_call_was_refused_is_said_with_numbers_and_what_to_do(world, visitor):
    call = next(
        each
        for each in world.gateway.engine.records.recent(limit=9, outcome="refused")
        if each.code == "approval_required"
    )
    page = visitor.get(f"/dashboard/budgets?call={show('call', call.id)}").text
    assert "What to do:" in page
    assert "Answer the request above" in page
    assert "0.004" in page
    assert "Such a call is charged to" in page


def test_what_is_no_call_is_said_kindly(visitor):
    assert "is no call on record" in visitor.get("/dashboard/budgets?call=<b>x").text


def test_without_budgets_the_form_is_open(tmp_path):
    from support.dashboard_visitor import Visitor
    from support.dashboard_world import dashboard_world

    with dashboard_world(tmp_path, "") as world:
        visitor = Visitor(world.url)
        page = visitor.get("/dashboard/budgets").text
        visitor.close()
    assert "No budgets yet" in page
    assert '<details class="card" open>' in page
