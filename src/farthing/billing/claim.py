"""What somebody says a model was used and cost in a month: a provider in its export, or we in our records."""

import re
from collections.abc import Iterable

import msgspec

QUANTITIES = (
    "requests",
    "input_tokens",
    "cache_read_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "web_searches",
)
_DATED = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8})$|-latest$")


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """None: not said. `input_tokens` is the total, cached or not."""

    model: str
    """Without its date; "" where models are not told apart."""
    requests: int | None = None
    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    output_tokens: int | None = None
    web_searches: int | None = None
    picos: int | None = None
    """Pico-dollars."""


def merged(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """One claim for each model, by name: sums of what was said."""
    sums: dict[str, dict[str, int | None]] = {}
    for claim in claims:
        found = sums.setdefault(claim.model, dict.fromkeys((*QUANTITIES, "picos")))
        for name in found:
            said = getattr(claim, name)
            if said is not None:
                found[name] = (found[name] or 0) + said
    return tuple(Claim(model=model, **found) for model, found in sorted(sums.items()))


def model_of(text: str) -> str:
    """A model's name as both sides can say it: `gpt-4o-mini-2024-07-18` is `gpt-4o-mini`, `Claude Haiku 4.5` is
    `claude-haiku-4-5`."""
    name = text.strip().lower().rpartition("/")[2].replace(" ", "-")
    if name.startswith("claude"):
        name = name.replace(".", "-")
    return _DATED.sub("", name)
