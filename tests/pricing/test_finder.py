"""Finding the card of an attempt that is only a record any more."""

import msgspec

from farthing.domain.price import PriceCard, Unpriced
from farthing.pricing.finder import card_finder
from support.prices import NOW, book
from support.recorded import a_call

OPENING = msgspec.structs.replace(a_call(1, attempts=({},)).attempts[0].opening, opened_ms=NOW)


def test_the_providers_name_is_the_first_hint_and_its_format_the_second():
    mine = msgspec.structs.replace(OPENING, provider="mine", model="gpt-4o")
    found = card_finder(book(), {"mine": "openai"})(mine)
    assert isinstance(found, PriceCard)
    assert found == book().find("gpt-4o", "mine", "openai", at_ms=NOW)


def test_what_the_book_does_not_know_is_unpriced():
    unknown = msgspec.structs.replace(OPENING, model="gpt-99")
    assert isinstance(card_finder(book(), {})(unknown), Unpriced)
