"""Statements for programs."""

import msgspec

from farthing.billing.statement import statements
from farthing.billing.statement_views import NOBODY, statement_rows, statement_view
from farthing.domain.currency import Rates
from support.bill_lines import bill, line, other

EVERY = statements(bill(line(workflow="refund"), line(""), line(quantity=-3, corrects="2026-09")), Rates())


def test_amounts_are_decimal_strings_and_labels_are_named():
    view = statement_view(EVERY[0])
    assert (view.total, view.direct, view.corrections, view.currency) == ("0.0024925", "0.0025", "-0.0000075", "USD")
    assert view.items[0].labels == {"agent": "bot", "workflow": "refund"}
    assert (view.closed_at, view.digest) == (None, None)
    assert msgspec.json.decode(msgspec.json.encode(view))["items"][1]["corrects"] == "2026-09"


def test_what_nobody_bears_is_named_so():
    assert statement_view(EVERY[-1]).team == NOBODY


def test_rows_have_one_head_and_one_width():
    head, *rows = statement_rows(EVERY)
    assert head == (
        "month",
        "team",
        "kind",
        "agent",
        "workflow",
        "model",
        "other",
        "corrects",
        "requests",
        "tokens",
        "amount",
        "currency",
    )
    assert len(rows) == 3
    assert {len(row) for row in rows} == {len(head)}


def test_nothing_has_no_rows():
    assert list(statement_rows(())) == []


def test_costs_beside_models_are_named_and_their_part_of_the_total_is_told():
    (found,) = statements(bill(line(), other("search", 5_000)), Rates())
    view = statement_view(found)
    assert (view.other, view.total) == ("0.000005", "0.002505")
    assert [(item.model, item.other, item.amount) for item in view.items] == [
        ("", "search", "0.000005"),
        ("gpt-4o", None, "0.0025"),
    ]
    head, first, _ = statement_rows((found,))
    assert dict(zip(head, first, strict=True))["other"] == "search"
