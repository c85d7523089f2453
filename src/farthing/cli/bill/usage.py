"""`farthing usage --format focus`: FOCUS rows of any time, cut by any labels, as things stand now."""

from itertools import chain

from farthing.billing.any_time import bills_between, cut_by
from farthing.billing.focus import focus_rows
from farthing.billing.focus_columns import Version
from farthing.cli.bill.export import write_focus
from farthing.cli.past import Past
from farthing.cli.usage.formats import Question
from farthing.config.billing import list_prices, terms_of

VERSION: Version = "1.4"


def as_focus(question: Question, past: Past) -> None:
    """CSV of FOCUS 1.4. Closed months and corrections are `farthing bill export`'s."""
    prices = list_prices(past.settings)
    bills = bills_between(
        past.history,
        prices,
        cut_by(terms_of(past.settings), question.by),
        since_ms=question.since_ms,
        until_ms=question.until_ms,
        where=question.where,
    )
    rows = chain.from_iterable(focus_rows(bill, VERSION, book=prices.book) for bill in bills)
    write_focus(rows, VERSION, "csv", question.output)
