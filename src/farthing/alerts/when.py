"""The language of `when`: one line of text becomes a rule, or a complaint that names the column and what to write."""

import re
from collections.abc import Iterator
from decimal import Decimal
from difflib import get_close_matches
from typing import NamedTuple

from farthing.alerts.rule import EVENTS, PPM, Metric, Rule, Scale
from farthing.domain.money import parse_usd

_TOKEN = re.compile(
    r'\s*(?:"(?P<name>[^"]*)"|(?P<op>[<>]=?)|(?P<amount>\$?\s*\.?\d[\d_,.]*\s*(?:%|[A-Za-z]+)?)|(?P<word>[a-z][a-z0-9_.-]*))'
)
_AMOUNT = re.compile(r"(?P<number>\d[\d_,]*(?:\.\d+)?|\.\d+)\s*(?P<unit>%|[xX])")
_SPEND = re.compile(r"(?P<label>[a-z][a-z0-9_.-]{0,63}?)_(?P<span>hour|day)")
_SPAN_MS = {"hour": 3_600_000, "day": 86_400_000}


class BadWhen(ValueError):
    """A `when` that cannot be accepted. `column` counts from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column


class _Grammar(NamedTuple):
    """What may follow the name of a metric."""

    example: str
    scale: Scale
    above: bool = True
    named: bool = False
    """A budget's name may follow."""
    grouped: bool = False
    """`each <label>` may follow."""


_METRICS = {
    Metric.BUDGET: _Grammar("budget > 80%", Scale.SHARE, named=True),
    Metric.BURN_RATE: _Grammar("burn_rate > 100%", Scale.SHARE, named=True),
    Metric.DAY_VS_WEEK: _Grammar("day_vs_week > 120%", Scale.SHARE, grouped=True),
    Metric.CONTEXT_GROWTH: _Grammar("context_growth > 2x", Scale.TIMES),
    Metric.CACHE_HIT_RATE: _Grammar("cache_hit_rate < 60%", Scale.SHARE, above=False, grouped=True),
    Metric.COST_PER_SUCCESS: _Grammar("cost_per_success > 0.5 USD", Scale.USD, grouped=True),
    Metric.COST_VS_QUALITY: _Grammar("cost_vs_quality > 120%", Scale.SHARE, grouped=True),
}
_LABEL_SPEND = _Grammar("user_hour > 5 USD", Scale.USD)


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def parse(text: str) -> Rule:
    """Read one `when`. Raises BadWhen."""
    tokens = list(_tokens(text))
    if not tokens:
        raise BadWhen(1, "it is empty; write a rule like `budget > 80%`")
    head = tokens.pop(0)
    if head.kind != "word":
        raise BadWhen(head.column, f"{head.text!r} is not something to watch; begin with a word, as in `budget > 80%`")
    if head.text in EVENTS:
        return _event(head, tokens)
    metric, grammar, by, span_ms = _metric(head)
    end = len(text.rstrip()) + 1
    budget = _name(head, grammar, tokens)
    by = _each(head, grammar, tokens, end) or by
    above, inclusive, op = _comparison(head, grammar, tokens, end)
    threshold, shown = _threshold(grammar, tokens, end)
    if tokens:
        raise BadWhen(tokens[0].column, f"{tokens[0].text!r} is too much; the rule ends after its amount")
    name = f' "{budget}"' if budget else ""
    each = f" each {by}" if grammar.grouped and by else ""
    return Rule(
        text=f"{head.text}{name}{each} {op} {shown}",
        metric=metric,
        scale=grammar.scale,
        threshold=threshold,
        above=above,
        inclusive=inclusive,
        budget=budget,
        by=by,
        span_ms=span_ms,
    )


def _tokens(text: str) -> Iterator[_Token]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            if text[at] == '"':
                raise BadWhen(at + 1, "the quotation mark is never closed")
            raise BadWhen(at + 1, f"{text[at]!r} cannot stand here; write a rule like `budget > 80%`")
        kind = found.lastgroup
        assert kind is not None
        yield _Token(kind, found[kind].strip(), found.start(kind) + 1)
        place = found.end()


def _event(head: _Token, rest: list[_Token]) -> Rule:
    if rest:
        raise BadWhen(rest[0].column, f"`{head.text}` happens or does not; write it alone")
    return Rule(text=head.text, metric=Metric.EVENT, scale=Scale.COUNT, threshold=0, event=head.text)


def _metric(head: _Token) -> tuple[Metric, _Grammar, str, int]:
    """The metric, what may follow it, and for a label's spend the label and its span."""
    for metric, grammar in _METRICS.items():
        if metric == head.text:
            return metric, grammar, "", 0
    spend = _SPEND.fullmatch(head.text)
    if spend is not None:
        return Metric.LABEL_SPEND, _LABEL_SPEND, spend["label"], _SPAN_MS[spend["span"]]
    known = [*_METRICS, *EVENTS]
    close = get_close_matches(head.text, known, n=1)
    instead = (
        f"did you mean `{close[0]}`?" if close else f"write one of {', '.join(known)}, or <label>_hour, <label>_day"
    )
    raise BadWhen(head.column, f"`{head.text}` is nothing that can be watched; {instead}")


def _name(head: _Token, grammar: _Grammar, rest: list[_Token]) -> str:
    if not rest or rest[0].kind != "name":
        return ""
    token = rest.pop(0)
    if not grammar.named:
        raise BadWhen(token.column - 1, f"`{head.text}` is not of a budget; write `{grammar.example}`")
    if not token.text:
        raise BadWhen(token.column - 1, "the budget's name is empty; leave the quotation marks out to mean any budget")
    return token.text


def _each(head: _Token, grammar: _Grammar, rest: list[_Token], end: int) -> str:
    if not rest or rest[0].kind != "word":
        return ""
    token = rest.pop(0)
    if token.text != "each" or not grammar.grouped:
        quoted = f'; a budget\'s name stands in quotation marks: `{head.text} "{token.text}"`' if grammar.named else ""
        raise BadWhen(token.column, f"{token.text!r} cannot stand here{quoted or f'; write `{grammar.example}`'}")
    if not rest or rest[0].kind != "word":
        raise BadWhen(rest[0].column if rest else end, "name the label after `each`, as in `each user`")
    return rest.pop(0).text


def _comparison(head: _Token, grammar: _Grammar, rest: list[_Token], end: int) -> tuple[bool, bool, str]:
    """Whether it fires above, whether at the very threshold too, and the sign itself."""
    wanted = ">" if grammar.above else "<"
    if not rest or rest[0].kind != "op":
        raise BadWhen(rest[0].column if rest else end, f"`{wanted}` is missing; write `{grammar.example}`")
    token = rest.pop(0)
    if token.text[0] != wanted:
        way = "from above" if grammar.above else "from below"
        raise BadWhen(token.column, f"`{head.text}` is limited {way}; write `{grammar.example}`")
    return grammar.above, token.text.endswith("="), token.text


def _threshold(grammar: _Grammar, rest: list[_Token], end: int) -> tuple[int, str]:
    """The amount in the scale's base, and as it was written."""
    if not rest or rest[0].kind != "amount":
        raise BadWhen(rest[0].column if rest else end, f"an amount is missing; write `{grammar.example}`")
    token = rest.pop(0)
    try:
        amount = parse_usd(token.text) if grammar.scale is Scale.USD else _millionths(token.text)
    except ValueError as error:
        raise BadWhen(token.column, f"{error}; write `{grammar.example}`") from error
    if amount <= 0:
        raise BadWhen(token.column, f"{token.text} is no threshold, it must be above 0; write `{grammar.example}`")
    if grammar.scale is Scale.USD and not re.search(r"[$A-Za-z]", token.text):
        raise BadWhen(token.column, f"{token.text} has no unit; write `{token.text} USD`")
    if not grammar.above and amount > PPM:
        raise BadWhen(token.column, f"{token.text} is more than the whole; write `{grammar.example}`")
    return amount, token.text


def _millionths(text: str) -> int:
    """`80%` or `0.8x` in whole millionths. Raises ValueError."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is neither a percentage nor a multiple")
    number = Decimal(found["number"].replace("_", "").replace(",", ""))
    millionths = number * (PPM // 100 if found["unit"] == "%" else PPM)
    if millionths != millionths.to_integral_value():
        raise ValueError(f"{text} is finer than a millionth")
    if millionths > 10**6 * PPM:
        raise ValueError(f"{text} is more than a million times the whole")
    return int(millionths)
