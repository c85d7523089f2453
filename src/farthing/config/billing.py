"""Billing wired: what `[billing]` means, what is wrong with it, and the books of a store."""

from collections.abc import Iterator

from farthing.billing.any_time import CUT_BY
from farthing.billing.books import Books
from farthing.billing.list_price import ListPrices
from farthing.config.booked import book_of
from farthing.config.problems import Problem
from farthing.config.settings import File
from farthing.domain.budget import Unit
from farthing.ports.billing import BillTerms, Periods, Sharing
from farthing.ports.history import NAMES, History
from farthing.pricing.book import PriceBook

_OTHERS = frozenset(NAMES) - CUT_BY
MOST_LABELS = 8


def terms_of(settings: File) -> BillTerms:
    """Who bills whom for what, as the configuration says."""
    billing = settings.billing
    shared = billing.shared
    return BillTerms(
        account=billing.account,
        account_name=billing.account_name,
        issuer=billing.issuer,
        team=billing.team,
        labels=billing.labels,
        sharing=Sharing(match=shared.match, by=shared.by, weights=tuple(sorted(shared.weights.items()))),
        currency=billing.currency,
    )


def books_of(settings: File, history: History, periods: Periods, in_force: PriceBook | None = None) -> Books:
    """The books of a store. Reads the price book's file where none is given: call off the event loop."""
    return Books(history, periods, terms_of(settings), list_prices(settings, in_force))


def list_prices(settings: File, in_force: PriceBook | None = None) -> ListPrices:
    """What was paid beside what anybody would pay."""
    public = PriceBook.load()
    formats = {provider.name: provider.format for provider in settings.providers}
    return ListPrices(public, in_force or book_of(settings, public), formats)


def billing_problems(settings: File) -> Iterator[Problem]:
    """What cannot be accepted."""
    billing = settings.billing
    shared = billing.shared
    names = (billing.team, *billing.labels, *dict(shared.match))
    for field, named in (("team", (billing.team,)), ("labels", billing.labels), ("shared", tuple(dict(shared.match)))):
        for name in named:
            if name in _OTHERS:
                message = f"{name!r} is no label, and every line has its own already; leave it out"
                yield Problem(("billing", field), message)
    if len(names) > MOST_LABELS:
        yield Problem(("billing", "labels"), f"a bill is cut by at most {MOST_LABELS} labels; these are {len(names)}")
    if shared.by == "weights" and not any(weight > 0 for weight in shared.weights.values()):
        yield Problem(
            ("billing", "shared", "weights"), 'must name teams, like { support = 3, search = 1 }, for by = "weights"'
        )
    if shared.weights and shared.by != "weights":
        yield Problem(
            ("billing", "shared", "weights"),
            f'mean nothing with by = "{shared.by}"; remove them, or write by = "weights"',
        )
    if any(not 0 <= weight <= 10**9 for weight in shared.weights.values()):
        yield Problem(("billing", "shared", "weights"), "must be whole numbers from 0 to 1,000,000,000")
    known = {currency.code.upper() for currency in settings.currencies}
    code = billing.currency.currency
    if billing.currency is not Unit.USD and code not in known:
        message = f'no rates for {code}: add [currencies.{code}] rates = {{ "2026-11-01" = 1.08 }}'
        yield Problem(("billing", "currency"), message)


def billing_lines(settings: File) -> Iterator[str]:
    """What `farthing check` says back of bills."""
    billing = settings.billing
    cut = ", ".join(dict.fromkeys((*billing.labels, "model", "meter")))
    yield f"{billing.issuer} bills each {billing.team} by {cut}, monthly (UTC), in {billing.currency.currency}"
    match = " or ".join(f"{name}={value}" for name, value in billing.shared.match)
    what = f"calls without a {billing.team}" + (f", and with {match}," if match else "")
    how = {
        "none": "stand by themselves",
        "direct": f"are divided by each {billing.team}'s own cost",
        "equal": "are divided equally",
        "weights": "are divided " + ", ".join(f"{team} {weight}" for team, weight in billing.shared.weights.items()),
    }
    yield f"{what} {how[billing.shared.by]}"
