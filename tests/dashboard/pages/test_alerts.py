"""Alerts: what fires, the rules, and an empty page."""

from support.dashboard_visitor import Visitor
from support.dashboard_world import dashboard_world


def test_every_rule_is_there_with_what_is_nearest(world, visitor):
    world.gateway.engine.alerting.watch.step(world.clock())
    page = visitor.get("/dashboard/alerts").text
    assert "<code>budget &gt; 50%</code>" in page
    assert "Firing now" in page
    assert "trial" in page


def test_without_anything_it_says_what_to_do(tmp_path):
    with dashboard_world(tmp_path, "") as world:
        visitor = Visitor(world.url)
        page = visitor.get("/dashboard/alerts?before=9").text
        visitor.close()
    assert "Nothing fires" in page
