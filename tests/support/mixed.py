"""Mixed calls against mixed budgets, and what may rightly be said no to: for tests of false refusals and overspend."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from farthing.config.engine import wall_ms
from farthing.domain.budget import Unit
from farthing.domain.money import nanos_from_picos, parse_usd
from farthing.domain.price import PriceCard, Rates
from farthing.pricing.book import PriceBook

BUDGETS = """
[[budgets]]
name = "all"
limit = "100000 USD"

[[budgets]]
name = "each user"
each = "user"
limit = "0.004 USD"
wait = "{wait}"

[[budgets]]
name = "each team"
each = "team"
tokens = 40_000
wait = "{wait}"

[[budgets]]
name = "each run"
each = "run"
calls = 12
wait = "{wait}"
"""
LIMITS = {
    "all": parse_usd("100000"),
    "each user": parse_usd("0.004"),
    "each team": 40_000,
    "each run": 12,
}
MODELS = {
    "openai-chat": ("gpt-4o-mini", "gpt-4.1", "gpt-5-mini"),
    "openai-responses": ("gpt-4o-mini", "gpt-4.1"),
    "anthropic-messages": ("claude-haiku-4-5", "claude-sonnet-4-6"),
}
FLOOR = 256
SLACK_TOKENS = 48
"""Template tokens around messages that a bound may count and a provider may not."""
MARGIN = 1.10


class Mixed(NamedTuple):
    """One call of the mix."""

    dialect: str
    model: str
    words: int
    cap: int | None
    stream: bool
    labels: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """One token a word, near enough, by every tokenizer here."""
        return "word " * self.words

    def body(self) -> dict[str, Any]:
        turn = [{"role": "user", "content": self.text}]
        common = {"model": self.model, "stream": self.stream}
        match self.dialect:
            case "openai-responses":
                named = {} if self.cap is None else {"max_output_tokens": self.cap}
                return {**common, "input": self.text, **named}
            case "anthropic-messages":
                return {**common, "messages": turn, "max_tokens": self.cap or 4_096}
        field = "max_completion_tokens" if self.model.startswith("gpt-5") else "max_tokens"
        return {**common, "messages": turn, **({} if self.cap is None else {field: self.cap})}


def mix(calls: int, seed: int) -> Iterator[Mixed]:
    """So many calls; the same seed makes the same. Budgets are met by few calls and by many, so that most run out."""
    chance = random.Random(seed)
    dialects = sorted(MODELS)
    for _ in range(calls):
        dialect = chance.choice(dialects)
        labels = (
            ("run", f"r{chance.randrange(max(2, calls // 10))}"),
            ("team", f"t{chance.randrange(max(2, calls // 60))}"),
            ("user", f"u{chance.randrange(max(2, calls // 8))}"),
        )
        yield Mixed(
            dialect=dialect,
            model=chance.choice(MODELS[dialect]),
            words=chance.choice((3, 20, 100, 300, 900)),
            cap=chance.choice((None, 16, 60, 200, 800, 3_000)),
            stream=chance.random() < 0.5,
            labels=labels,
        )


@cache
def rates_of(model: str) -> Rates:
    """Standard rates of a model, in pico-dollars a token."""
    maker = "anthropic" if model.startswith("claude") else "openai"
    card = PriceBook.load().find(model, maker, maker, at_ms=wall_ms())
    assert isinstance(card, PriceCard)
    return card.variants[""][0].rates


def least_need(call: Mixed, unit: Unit) -> int:
    """What this call needs at the least worth sending, in the unit's base: its true input, and its floor of output."""
    floor = min(call.cap or FLOOR, FLOOR)
    tokens = call.words + SLACK_TOKENS
    match unit:
        case Unit.USD:
            rates = rates_of(call.model)
            return nanos_from_picos(tokens * rates.input + floor * rates.output)
        case Unit.CALLS:
            return 1
        case _:
            return tokens + floor


def assert_rightly_refused(call: Mixed, code: str, figures: dict[str, Any]) -> None:
    """`budget_exceeded` says: what is left after what is spent does not buy the least. Judged by the figures and by us."""
    assert code == "budget_exceeded"
    unit = Unit(figures["unit"])
    amount = parse_usd if unit is Unit.USD else int
    limit, spent, needed = (amount(figures[name]) for name in ("limit", "spent", "needed"))
    assert limit == LIMITS[figures["budget"]]
    assert needed > limit - spent, "a false refusal by its own figures"
    assert needed <= least_need(call, unit) * MARGIN, f"a refusal on a loose bound: {call} needed {needed}"
