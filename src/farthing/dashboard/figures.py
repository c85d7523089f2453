"""How figures are written on every page: short where people compare, and whole in the title, to the nano-dollar."""

from datetime import UTC, datetime

from markupsafe import Markup, escape

from farthing.domain.budget import Unit
from farthing.domain.money import NANOS_PER_USD, PICOS_PER_NANO, PICOS_PER_USD, usd
from farthing.domain.refusal import amount_text

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_HIDDEN = {*range(0x20), *range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070)}
_HIDDEN |= {0x061C, 0x180E, 0xFEFF, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080)}
_SHOWN = {code: f"\\u{code:04x}" for code in _HIDDEN}
"""Characters that are not seen, or turn the direction of what follows: written out, so that no name looks like another."""


def short_usd(nanos: int) -> str:
    """Dollars with as many digits as help to compare: cents from a dollar on, more below. `$0` is nothing at all."""
    sign, size = ("−" if nanos < 0 else ""), abs(nanos)
    if size == 0:
        return "$0"
    decimals = 2 if size >= NANOS_PER_USD else 4 if size >= 10_000_000 else 6 if size >= 10_000 else 9
    return f"{sign}${_rounded(size, decimals)}"


def money(nanos: int | None) -> Markup:
    """An amount of dollars, with all its digits in the title. A dash where nobody knows."""
    if nanos is None:
        return Markup('<span class="none" title="not known">–</span>')
    whole = usd(nanos)
    return _data(whole, f"${whole}", short_usd(nanos))


def short_amount(unit: Unit, amount: int) -> str:
    """An amount of a budget in its own unit, short."""
    if unit is Unit.USD:
        return short_usd(amount)
    if unit.currency:
        return f"{short_usd(amount).replace('$', '')} {unit.currency}"
    return short_count(amount)


def amount(unit: Unit, value: int | None) -> Markup:
    """The same, with all its digits in the title."""
    if value is None:
        return Markup('<span class="none">no limit</span>')
    whole = amount_text(unit, value)
    word = unit.currency or unit.value.replace("_", " ")
    return _data(whole, f"{whole} {word}", short_amount(unit, value))


def short_count(count: int) -> str:
    """`98,765`, `988k`, `1.23M`, `4.56G`."""
    size = abs(count)
    for least, over, letter in ((10**9, 10**9, "G"), (10**6, 10**6, "M"), (100_000, 1_000, "k")):
        if size >= least:
            value = size / over
            text = f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
            return f"{'−' if count < 0 else ''}{text}{letter}"
    return f"{count:,}".replace("-", "−")


def count(number: int | None) -> Markup:
    """A count of tokens or calls, whole in the title."""
    if number is None:
        return Markup('<span class="none" title="not known">–</span>')
    return _data(str(number), f"{number:,}", short_count(number))


def share(part: int | float, whole: int | float) -> str:
    """`81 %`, `4.2 %`; a dash of nothing."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.05:
        return "< 0.1 %"
    return f"{percent:.1f} %" if 0 < abs(percent) < 9.95 else f"{percent:.0f} %"


def span(ms: int | None) -> str:
    """A length of time: `830 ms`, `2.4 s`, `3 min 4 s`, `2 h 5 min`, `3 d 2 h`."""
    if ms is None:
        return "–"
    sign, size = ("−" if ms < 0 else ""), abs(ms)
    if size < _SECOND:
        return f"{sign}{size} ms"
    if size < 10 * _SECOND:
        return f"{sign}{size / _SECOND:.1f} s"
    if size < _MINUTE:
        return f"{sign}{size // _SECOND} s"
    for over, under, names in ((_HOUR, _MINUTE, ("min", "s")), (_DAY, _HOUR, ("h", "min")), (None, _DAY, ("d", "h"))):
        if over is None or size < over:
            great, rest = divmod(size, under)
            small = rest // (under // (24 if names[0] == "d" else 60))
            return f"{sign}{great} {names[0]}{f' {small} {names[1]}' if small else ''}"
    raise AssertionError


def moment(ms: int | None, now_ms: int) -> Markup:
    """How long ago, or in how long, with the moment itself in the title."""
    if not ms:
        return Markup('<span class="none">–</span>')
    told = datetime.fromtimestamp(ms / 1_000, UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        told.isoformat(timespec="milliseconds"), f"{told:%Y-%m-%d %H:%M:%S} UTC", ago(now_ms - ms)
    )


def ago(ms: int) -> str:
    """`now`, `12 s ago`, `3 min ago`, `in 2 h`, `4 d ago`."""
    size = abs(ms)
    if size < 2 * _SECOND:
        return "now"
    for least, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (_SECOND, "s")):
        if size >= least:
            return f"{size // least} {name} ago" if ms > 0 else f"in {size // least} {name}"
    raise AssertionError


def plain(text: str) -> str:
    """Text of others' with everything invisible written out."""
    return text.translate(_SHOWN)


def said(text: str) -> Markup:
    """A sentence of ours that may hold names of others': escaped, with what stands in backticks as code."""
    pieces = plain(text.removeprefix("Farthing: ")).split("`")
    if len(pieces) % 2 == 0:  # a backtick of somebody else's: nothing is code
        return escape("`".join(pieces))
    made = (Markup("<code>{}</code>").format(each) if at % 2 else escape(each) for at, each in enumerate(pieces))
    return Markup("").join(made)


def name(text: str, otherwise: str = "none") -> Markup:
    """A name that others chose (a label's value, a model, a key): contained, cut by its place, whole in the title."""
    if not text:
        return Markup('<span class="none">{}</span>').format(otherwise)
    return Markup('<bdi class="name" title="{}">{}</bdi>').format(plain(text), plain(text))


METERS = {
    "input": "Input",
    "output": "Output",
    "cache_read": "Input read from the cache",
    "cache_write_5m": "Input written to the cache, 5 minutes",
    "cache_write_1h": "Input written to the cache, 1 hour",
    "audio_input": "Spoken input",
    "cached_audio_input": "Spoken input read from the cache",
    "audio_output": "Spoken output",
    "web_search": "Web searches",
    "request": "Requests",
    "rounding": "Rounding up to a nano-dollar",
    "unexplained": "Not explained by the price book",
}
CAUSES = {
    "model": "Another model than was asked for",
    "tier": "Another service tier",
    "cache_read": "Read from the provider’s cache",
    "cache_write": "Written to the provider’s cache",
}


def meter(kind: str) -> str:
    """A meter's name for people."""
    return METERS.get(kind, kind.replace("_", " "))


def cause(word: str) -> str:
    """Why something cost less, or more, than it would have."""
    return CAUSES.get(word, word.replace("_", " "))


def picos(amount: int) -> Markup:
    """An amount in pico-dollars, to the nano-dollar where it is whole, and all of it in the title."""
    whole, part = divmod(abs(amount), PICOS_PER_USD)
    sign = "−" if amount < 0 else ""
    exact = f"{sign}${whole}.{part:012d}".rstrip("0").rstrip(".")
    text = exact if 0 < abs(amount) < 1_000_000 else short_usd(_half_up(amount))
    return _data(exact.replace("$", "").replace("−", "-"), exact, text)


def _half_up(picos: int) -> int:
    return (2 * picos + PICOS_PER_NANO) // (2 * PICOS_PER_NANO)


def _data(value: str, title: str, text: str) -> Markup:
    """A figure of ours: digits, signs and units, in which nothing needs to be escaped. Pages have thousands of them."""
    return Markup(f'<data class="num" value="{value}" title="{title}">{text}</data>')  # noqa: S704 - digits only


def _rounded(nanos: int, decimals: int) -> str:
    """Half up, in whole numbers, with thousands apart."""
    over = 10 ** (9 - decimals)
    steps = (2 * nanos + over) // (2 * over)
    whole, part = divmod(steps, 10**decimals)
    return f"{whole:,}.{part:0{decimals}d}" if decimals else f"{whole:,}"


def per_million(picos: int) -> str:
    """A price: pico-dollars for one as dollars for a million, exactly."""
    exact = usd(picos * 1_000)
    return f"${exact}" if "." not in exact or len(exact.partition(".")[2]) >= 2 else f"${exact}0"
