"""Tools that cost money, as other systems are told of them: a FOCUS bill and spans, both to the nano-dollar of the ledger."""

from decimal import Decimal

import pytest

import farthing
from farthing.billing.export_text import focus_objects
from farthing.billing.focus import focus_rows
from farthing.billing.month import month_of
from farthing.config.billing import books_of
from farthing.domain.errors import FarthingError
from farthing.sdk.engine import local_engine
from farthing.telemetry.spans import span_of
from support.sdk_world import sdk

NANOS = Decimal("1e-9")


@pytest.fixture
def engine(tmp_path):
    """What is left of a run with a tool of a known price, one that says its cost afterwards, one that bought nothing, one
    that was refused and one that is free."""
    with sdk(store=str(tmp_path / "farthing.db")):
        with farthing.budget("$0.10", team="support") as run:
            use(run)
        yield local_engine().engine


def use(run):
    lookup = run.tool(lambda word: f"{word}!", name="lookup", cost="$0.01")
    weigh = run.tool(len, name="weigh", cost=lambda said: f"${said / 1000}", most="$0.02")
    dear = run.tool(lambda: "gold", name="dear", cost="$5")
    free = run.tool(lambda: "air", name="free")
    nothing = run.tool(buys_nothing, name="nothing", cost="$0.03")
    lookup("a")
    lookup("b")
    weigh("seven!!")
    free()
    with pytest.raises(farthing.NotCharged):
        nothing()
    with pytest.raises(FarthingError):
        dear()


def buys_nothing():
    raise farthing.NotCharged("sold out")


def bill(engine):
    books = books_of(engine.settings, engine.history, engine.store.periods, engine.rules.book)
    return books.bill(month_of(engine.now_ms()))


def test_a_bill_in_focus_has_every_tool_by_its_name_and_adds_up(engine):
    focus_model = pytest.importorskip("focus_data_toolkit.model.validator")
    rows = list(focus_objects(focus_rows(bill(engine), "1.4", book="b00c"), "1.4"))
    cost = {}
    for row in rows:
        assert (row["x_Provider"], row["ServiceName"], row["SubAccountId"]) == ("tool", "Tools", "support")
        cost[row["x_Model"]] = cost.get(row["x_Model"], 0) + Decimal(row["BilledCost"])
    assert {tool: nanos for tool, nanos in cost.items() if nanos} == {
        "lookup": Decimal("0.02"),
        "weigh": Decimal("0.007"),
    }
    given = [{name: value or "" for name, value in row.items()} for row in rows]
    supported = ("SupportsUnitPricing", "SupportsMultiplePricingCategories")
    report = focus_model.lint_focus_1_4_structure("Cost and Usage", given, supported_conditions=supported)
    assert report.messages() == []


def test_its_spans_name_the_tools_and_cost_what_the_ledger_says(engine):
    calls = [engine.records.call(each.id) for each in engine.records.recent(limit=10)]
    spans = [span_of(call, naive_of=lambda opening, attempt: attempt.cost_nanos) for call in calls]
    assert sorted(span.name for span in spans) == [
        "execute_tool dear",
        "execute_tool lookup",
        "execute_tool lookup",
        "execute_tool nothing",
        "execute_tool weigh",
    ]
    told = sum(span.attributes["farthing.cost.nanodollars"] for span in spans)
    assert told == bill(engine).picos // 1_000 == Decimal("0.027") / NANOS
