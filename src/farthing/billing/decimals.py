"""Whole pico-dollars and tokens as decimal text: always a point, never an exponent, nothing lost."""

from farthing.domain.money import PICOS_PER_USD

MILLION = 1_000_000


def decimal(amount: int, places: int) -> str:
    """`amount / 10**places` as text with at least one digit on either side of the point: `decimal(1500, 3)` is `"1.5"`,
    `decimal(0, 12)` is `"0.0"`.

    The point stays even in whole numbers: a reader that guesses types would take the column for integers.
    """
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), 10**places)
    digits = f"{part:0{places}d}".rstrip("0") if places else ""
    return f"{sign}{whole}.{digits or '0'}"


def usd_of(picos: int) -> str:
    """Pico-dollars as dollars, to twelve decimals."""
    return decimal(picos, 12)


def nanos_of(picos: int) -> int:
    """Pico-dollars that are whole nano-dollars. Sums of whole groups always are."""
    nanos, rest = divmod(picos, 1_000)
    assert rest == 0, f"{picos} pico-dollars are no whole nano-dollars: part of a group is missing"
    return nanos


assert PICOS_PER_USD == 10**12
