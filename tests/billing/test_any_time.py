"""FOCUS of any time and any labels."""

from farthing.billing.any_time import bills_between, cut_by
from farthing.billing.list_price import ListPrices
from farthing.billing.month import span_of
from farthing.domain.usage import Usage
from farthing.ports.billing import BillTerms
from support.billing_world import BOOK, FORMATS, OVER, billing_world


def test_every_row_has_its_day_model_and_provider_so_labels_are_what_cuts():
    assert cut_by(BillTerms(), ("model", "team", "user", "day", "key")).names == ("team", "user", "key")


def test_a_time_over_the_end_of_a_month_is_two_bills():
    prices = ListPrices(BOOK, BOOK, FORMATS)
    with billing_world() as world:
        edge = span_of("2026-10")[1]
        for at_ms, user in ((edge - 1, "ann"), (edge, "bob"), (edge - 40 * 86_400_000, "ann")):
            world.settle(world.open(at_ms, team="support", user=user), Usage(input_tokens=1_000))
        terms = cut_by(BillTerms(), ("user",))
        every = bills_between(world.history, prices, terms, since_ms=edge - 1_000, until_ms=OVER)
        assert [(bill.month, [line.labels for line in bill.lines]) for bill in every] == [
            ("2026-10", [("support", "ann")]),
            ("2026-11", [("support", "bob")]),
        ]
        (only,) = bills_between(
            world.history, prices, terms, since_ms=edge - 1_000, until_ms=OVER, where=(("user", "bob"),)
        )
        assert only.month == "2026-11"


def test_costs_beside_models_are_in_it_by_the_time_of_their_booking_and_by_the_same_conditions():
    prices = ListPrices(BOOK, BOOK, FORMATS)
    with billing_world() as world:
        edge = span_of("2026-10")[1]
        for run, user in (("r1", "ann"), ("r2", "bob")):
            world.settle(world.open(edge - 5, team="support", user=user, run=run), Usage(input_tokens=1_000))
        for run, at_ms in (("r1", edge - 1), ("r1", edge), ("r2", edge), ("r1", edge + 9)):
            world.book(run, at_ms, 7)
        times = {"since_ms": edge - 1, "until_ms": edge + 9}
        every = bills_between(world.history, prices, BillTerms(labels=("run",)), **times)
        assert [(bill.month, [(line.labels[1], line.picos) for line in bill.lines]) for bill in every] == [
            ("2026-10", [("r1", 7_000)]),
            ("2026-11", [("r1", 7_000), ("r2", 7_000)]),
        ]
        only = bills_between(world.history, prices, BillTerms(), where=(("user", "bob"),), **times)
        assert [(bill.month, bill.picos) for bill in only] == [("2026-11", 7_000)]
