"""The price book in force: the packaged one, the configuration's `[[prices]]` on top, and where only these hold."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from farthing.config.settings import File, Provider
from farthing.pricing.book import PriceBook
from farthing.pricing.regions import is_regional


def book_of(settings: File, book: PriceBook | None = None) -> PriceBook:
    """`book` (the packaged one: reads a file) as this configuration has it."""
    return (book or PriceBook.load()).overlay(settings.prices, apart_in(settings.providers))


def apart_in(providers: Iterable[Provider]) -> frozenset[str]:
    """The names of providers for which the book's own prices do not hold."""
    return frozenset(provider.name for provider in providers if is_apart(provider))


def is_apart(provider: Provider) -> bool:
    return is_regional(urlsplit(provider.base_url).hostname or "")
