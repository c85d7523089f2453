"""Caches: hit rates, and writes that nobody read."""

from farthing.dashboard.pages.caches import Group, groups_of, total_of
from farthing.domain.usage import Usage
from farthing.ports.history import MeterRow
from farthing.ports.records import UsageRow


def row(group, **usage):
    return UsageRow(
        group=group, calls=1, refused=0, attempts=1, usage=Usage(**usage), cost_nanos=5, remainder_picos=0,
        estimated_nanos=0, unpriced=0, open=0, naive_nanos=8,
    )  # fmt: skip


def test_what_was_written_and_never_read_is_waste_at_what_writing_cost():
    group = Group(
        names=("m", "w"),
        usage=Usage(input_tokens=100, cache_read_input_tokens=20, cache_write_input_tokens=80),
        saved_nanos=0,
        written_picos=8_000,
    )
    assert group.unread_tokens == 60
    assert group.wasted_picos == 6_000
    assert group.rate == 0.2


def test_what_is_read_more_often_than_written_is_no_waste():
    usage = Usage(input_tokens=100, cache_read_input_tokens=80, cache_write_input_tokens=10)
    assert Group(names=(), usage=usage, saved_nanos=0, written_picos=9).wasted_picos == 0
    assert Group(names=(), usage=Usage(), saved_nanos=0, written_picos=0).wasted_picos == 0


def test_groups_have_what_their_own_writes_cost():
    rows = (
        row(("m", "a"), input_tokens=9, cache_write_input_tokens=3),
        row(("m", "b"), input_tokens=9, cache_write_input_tokens=1),
        row(("m", "c"), input_tokens=0),
    )
    meters = [
        MeterRow(group=("m",), meter=meter, quantity=2, picos_each=4, picos=8)
        for meter in ("cache_write_5m", "cache_write_1h", "input")
    ]
    group, other = groups_of(rows, meters)
    assert (group.written_picos, other.written_picos) == (12, 4)
    assert group.saved_nanos == 3
    assert total_of((group, group)).input_tokens == 18


def test_the_page_shows_every_model_and_sorts(visitor):
    for query in ("", "?sort=wasted", "?sort=rate&dir=up", "?since=24h"):
        assert visitor.get(f"/dashboard/caches{query}").status_code == 200
    page = visitor.get("/dashboard/caches").text
    assert "claude-opus-4-6" in page
    assert "data-chart" in page


def test_workflows_are_told_apart_where_that_is_asked_for(visitor):
    assert "refunds" not in visitor.get("/dashboard/caches").text
    page = visitor.get("/dashboard/caches?by=model+and+workflow").text
    assert "refunds" in page
    assert "Workflow</th>" in page
