"""Calls and the receipt of one."""

from farthing.dashboard.pages import calls
from farthing.domain.ids import show
from farthing.domain.money import usd


def test_a_receipt_has_its_lines_its_holds_and_its_naive_cost(world, visitor):
    records = world.gateway.engine.records
    call = next(each for each in records.recent(limit=50, outcome="paid") if dict(each.labels).get("team") == "support")
    page = visitor.get(f"/dashboard/calls/{show('call', call.id)}").text
    assert f'Total</th><td class="n"><data class="num" value="{usd(call.cost_nanos)}"' in page
    assert "<td>held</td>" in page
    assert "<td>settled</td>" in page
    assert "As it was asked, with nothing cached" in page
    assert "Price book" in page


def test_a_refused_call_says_why_and_leads_to_what_to_do(world, visitor):
    call = world.gateway.engine.records.recent(limit=1, outcome="refused")[0]
    page = visitor.get(f"/dashboard/calls/{show('call', call.id)}").text
    assert f"Refused: {call.code}" in page
    assert f"/dashboard/budgets?call={show('call', call.id)}#why" in page


def test_the_list_has_pages_and_filters(world, visitor):
    first = visitor.get("/dashboard/calls").text
    assert first.count('<tr id="call_') == 50
    older = first[first.index("before=call_") :].partition('"')[0]
    second = visitor.get(f"/dashboard/calls?{older}").text
    assert 0 < second.count('<tr id="call_') <= 50
    assert "Newer" in second
    only = visitor.get("/dashboard/calls?where=user:eve&outcome=refused").text
    assert only.count('<tr id="call_') == 3


def test_what_is_no_call_is_not_there(visitor):
    for name in ("call_0000000000000001", "nonsense", "call_x"):
        assert visitor.get(f"/dashboard/calls/{name}").status_code == 404


def test_an_empty_list_leads_to_the_first_call(fresh_visitor):
    assert "how to make the first one" in fresh_visitor.get("/dashboard/calls").text


def test_a_rare_label_is_looked_for_a_bounded_way_back_and_further_on_request(visitor, monkeypatch):
    monkeypatch.setattr(calls, "LOOK", 20)
    page = visitor.get("/dashboard/calls?where=team:nobody").text
    assert "None that fit among the" in page
    steps = 1
    while "Look further back" in page:
        further = page[page.index('<a class="button main" href="?') :].partition("?")[2].partition('"')[0]
        page = visitor.get(f"/dashboard/calls?{further.replace('&amp;', '&')}").text
        steps += 1
    assert "No older calls that fit" in page
    assert steps > 2
