"""Money: whole nano-dollars (1e-9 USD), summed exactly, shown as decimals without exponents.

Prices are whole pico-dollars (1e-12 USD) per token. An attempt is summed in pico and rounded up once to nano;
what the rounding added is kept as its own number. No float touches either.
"""

import re
from decimal import ROUND_CEILING, Decimal, InvalidOperation

NANOS_PER_USD = 1_000_000_000
PICOS_PER_NANO = 1_000
PICOS_PER_USD = NANOS_PER_USD * PICOS_PER_NANO

MAX_NANOS = 2**62
"""The largest amount an account may hold: about 4.6 thousand million dollars, with room to add two of them in 64 bits."""

_AMOUNT = re.compile(r"^\s*(?:(?P<sign>\$)\s*)?(?P<number>\d[\d_,]*(?:\.\d+)?|\.\d+)\s*(?P<code>[A-Za-z]{3})?\s*$")


def nanos_from_picos(picos: int) -> int:
    """Pico-dollars as nano-dollars, rounded up: what is charged is never less than what it cost."""
    return -(-picos // PICOS_PER_NANO)


def usd(nanos: int) -> str:
    """Nano-dollars as a decimal string of dollars: `usd(1_500_000_000)` is `"1.5"`, `usd(1)` is `"0.000000001"`."""
    if nanos < 0:
        return "-" + usd(-nanos)
    part = nanos % NANOS_PER_USD
    if not part:
        return str(nanos // NANOS_PER_USD)
    return f"{nanos // NANOS_PER_USD}.{str(part + NANOS_PER_USD)[1:]}".rstrip("0")


def parse_usd(text: str) -> int:
    """Dollars as people write them (`"$1.50"`, `"500 USD"`, `"2"`) in nano-dollars.

    Raises ValueError that says what is wrong when the text is no amount, names another currency, is finer than a
    nano-dollar or larger than `MAX_NANOS`.
    """
    code, nanos = parse_money(text)
    if code != "USD":
        raise ValueError(f"{text!r} is in {code}; amounts here are in USD")
    return nanos


def parse_money(text: str) -> tuple[str, int]:
    """An amount in any currency (`"500 EUR"`; dollars where none is named): its code, and billionths of it.

    Raises ValueError that says what is wrong when the text is no amount, is finer than nine decimals or larger than
    `MAX_NANOS`.
    """
    match = _AMOUNT.match(text)
    if match is None or (match["sign"] and (match["code"] or "USD").upper() != "USD"):
        raise ValueError(f"{text!r} is not an amount of money; write it like '$1.50' or '500 USD'")
    code = (match["code"] or "USD").upper()
    try:
        nanos = Decimal(match["number"].replace("_", "").replace(",", "")) * NANOS_PER_USD
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not an amount of money") from error
    if nanos != nanos.to_integral_value(ROUND_CEILING):
        raise ValueError(f"{text!r} is finer than a nano-dollar (nine decimals)")
    if nanos > MAX_NANOS:
        raise ValueError(f"{text!r} is larger than Farthing counts ({usd(MAX_NANOS)} {code})")
    return code, int(nanos)
