"""The price of a tool, from what its owner said."""

from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.record import AttemptOpening
from farthing.domain.usage import Usage
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import lines
from farthing.pricing.finder import card_finder
from farthing.pricing.tool_price import TOOL, card_of_tool, declared


def opening(book, model="search"):
    return AttemptOpening(
        id=17, call_id=16, ordinal=1, provider=TOOL, model=model, book=book, bound="exact", input_bound=0
    )


def test_a_declared_price_is_one_request():
    card = card_of_tool(opening(declared(12_345_678)))
    assert isinstance(card, PriceCard)
    (line,) = lines(card, Usage())
    assert (line.kind, line.tokens, line.picos) == ("request", 1, 12_345_678_000)


def test_a_price_that_was_only_known_afterwards_is_no_price():
    assert isinstance(card_of_tool(opening("")), Unpriced)
    assert isinstance(card_of_tool(opening("declared:x")), Unpriced)


def test_no_book_is_asked_about_tools_whatever_they_are_called():
    card = card_finder(PriceBook.load(), {})(opening(declared(5), model="gpt-4o"))
    assert isinstance(card, PriceCard)
    assert card.provider == TOOL
