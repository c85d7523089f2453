"""Quality beside cost."""

from farthing.domain.money import usd
from farthing.reports.success import cost_per_success


def test_cost_per_success_is_the_report_s(world, visitor):
    page = visitor.get("/dashboard/quality?by=workflow&since=90d").text
    rows = world.gateway.engine.history.outcomes(by=("workflow",), since_ms=0, until_ms=2**45)
    judged = [cost_per_success(row) for row in rows if row.succeeded]
    assert judged
    for each in judged:
        assert f'value="{usd(each.nanos)}"' in page


def test_every_grouping_and_order_is_a_page(visitor):
    for by in ("workflow", "model", "prompt", "agent", "team", "key", "evil"):
        assert visitor.get(f"/dashboard/quality?by={by}&sort=rate&dir=up&where=team:research").status_code == 200


def test_where_nobody_judged_it_says_how_to(fresh_visitor):
    assert "/farthing/v1/outcomes" in fresh_visitor.get("/dashboard/quality").text
