"""Receipts on paper, whoever prints them: two columns, the amounts at the right edge, nothing wider than a terminal."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from farthing.accounts.receipt_document import LineView
from farthing.domain.money import PICOS_PER_NANO, usd
from farthing.pricing.cost import Line
from farthing.pricing.naive import CACHE_READ, CACHE_WRITE, MODEL, TIER, Saving

WIDTH = 78
RULE = "─" * WIDTH
_APIECE = ("web_search", "request")

_CAUSES = {
    MODEL: "another model than was asked for",
    TIER: "the service tier",
    CACHE_READ: "reading the provider's cache",
    CACHE_WRITE: "writing to the provider's cache",
}


def dollars(nanos: int) -> str:
    """`$0.00006135`: exact, as short as it can be, with cents at least where it is not whole."""
    whole, point, part = usd(abs(nanos)).partition(".")
    return f"{'-' if nanos < 0 else ''}${int(whole):,}{point}{part.ljust(2, '0') if point else ''}"


def billed(lines: Iterable[Line | LineView]) -> Iterator[str]:
    """A line for each kind of token: how many, what a million of them costs, and the amount to the pico-dollar."""
    for line in lines:
        if line.kind == "rounding":
            yield two("  rounded up to whole nano-dollars", from_picos(line.picos))
        else:
            each = from_picos(line.picos_each * (1 if line.kind in _APIECE else 1_000_000))
            per = "each" if line.kind in _APIECE else "a million"
            left = f"  {line.kind.replace('_', ' '):<20}{line.tokens:>12,}  at {each} {per}"
            yield two(left, from_picos(line.picos))


def from_naive(naive_nanos: int, savings: Iterable[Saving]) -> Iterator[str]:
    """What the same would have cost as it was asked, and what changed that; nothing where nothing did."""
    savings = tuple(savings)
    if not savings:
        return
    yield two("as it was asked, nothing cached", dollars(naive_nanos))
    for cause, nanos in savings:
        words = f"  {'saved by' if nanos > 0 else 'extra for'} {_CAUSES[cause]}"
        yield two(words, f"{'-' if nanos > 0 else '+'}{dollars(abs(nanos))}")


def saved_share(naive_nanos: int, nanos: int) -> str:
    """How much less, or more, in words; "" where nothing changed."""
    if not naive_nanos or naive_nanos == nanos:
        return ""
    percent = abs(naive_nanos - nanos) * 1_000 // naive_nanos
    return f"{percent / 10:g} % {'less' if nanos < naive_nanos else 'more'} than as it was asked"


def from_picos(picos: int) -> str:
    """Pico-dollars as dollars, with all their decimals."""
    nanos, rest = divmod(picos, PICOS_PER_NANO)
    if not rest:
        return dollars(nanos)
    whole, part = divmod(nanos, 1_000_000_000)
    return f"${whole:,}.{part:09d}{rest:03d}".rstrip("0")


def two(left: str, right: str) -> str:
    """Two columns: an amount at the right edge."""
    return f"{left}{' ' * max(1, WIDTH - len(left) - len(right))}{right}"


def told(head: str, text: str) -> Iterator[str]:
    """A text behind a head, folded below itself: nothing is wider than the receipt."""
    pieces = wrap(text, max(WIDTH - len(head), 20), break_on_hyphens=False) or [""]
    yield head + pieces[0]
    for piece in pieces[1:]:
        yield " " * len(head) + piece


def count(number: int, one: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"
