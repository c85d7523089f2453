"""Contract prices: the `[[prices]]` entries of a user, in USD per million tokens, laid over the price book."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import cast

import msgspec

from farthing.domain.errors import BadConfig
from farthing.domain.price import PriceCard, Rates, Tier

PICOS_PER_TOKEN = 10**6
"""One USD per million tokens is this many pico-dollars per token."""
PICOS_PER_SEARCH = 10**9
"""One USD per thousand is this many pico-dollars apiece."""
MOST_USD = 10**6
"""A price above this, per million tokens, is a slip of the hand."""

PER_MILLION = (
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "audio_input",
    "cached_audio_input",
    "audio_output",
)
PER_THOUSAND = ("web_search", "request")
"""Fields in USD per thousand searches, and per thousand requests."""
PRICES = (*PER_MILLION, *PER_THOUSAND)


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. `model` is lower case and may end in `*`; `provider` "" holds for every provider."""

    model: str
    provider: str
    tiers: tuple[Tier, ...]

    def covers(self, name: str, providers: tuple[str, ...]) -> bool:
        if self.provider and self.provider not in (hint.lower() for hint in providers):
            return False
        return name.startswith(self.model[:-1]) if self.model.endswith("*") else name == self.model

    def exactness(self) -> tuple[bool, int, bool]:
        """A whole name beats a beginning, a longer beginning a shorter one, a named provider any provider."""
        return not self.model.endswith("*"), len(self.model), bool(self.provider)

    def card(self, book: str) -> PriceCard:
        return PriceCard(self.provider or "contract", self.model, {"": self.tiers}, book)


def contract_hash(book: str, contracts: tuple[Contract, ...]) -> str:
    """The hash of a book with these contracts laid over it: sixteen hex digits."""
    return sha256(book.encode() + msgspec.json.encode(contracts)).hexdigest()[:16]


def read_contracts(entries: Sequence[Mapping[str, object]]) -> tuple[Contract, ...]:
    """Entries as contracts. Raises BadConfig with the field's path, like `prices[0].input`."""
    contracts = tuple(_contract(entry, f"prices[{number}]") for number, entry in enumerate(entries))
    seen: set[tuple[str, str]] = set()
    for number, contract in enumerate(contracts):
        if (contract.model, contract.provider) in seen:
            raise _wrong(f"prices[{number}].model", f"{contract.model!r} is priced twice")
        seen.add((contract.model, contract.provider))
    return contracts


def _contract(entry: Mapping[str, object], where: str) -> Contract:
    _refuse_unknown(entry, {"model", "provider", "free", "tiers", *PRICES}, where)
    model = _text(entry, "model", where)
    if not model or "*" in model[:-1]:
        raise _wrong(f"{where}.model", "must be a model's name; a `*` may stand at its end")
    free = entry.get("free", False)
    if not isinstance(free, bool):
        raise _wrong(f"{where}.free", "must be true or false")
    first = _rates(entry, None, where, free=free)
    return Contract(model=model, provider=_text(entry, "provider", where), tiers=_tiers(entry, first, where, free=free))


def _tiers(entry: Mapping[str, object], first: Rates, where: str, *, free: bool) -> tuple[Tier, ...]:
    """The long-context tiers. A tier keeps the prices of the one below it that it does not name."""
    rows = entry.get("tiers", [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise _wrong(f"{where}.tiers", "must be a list of tables like { above = 200_000, input = 4 }")
    tiers = [Tier(0, inclusive=False, rates=first)]
    for number, row in enumerate(cast("list[Mapping[str, object]]", rows)):
        place = f"{where}.tiers[{number}]"
        _refuse_unknown(row, {"above", "inclusive", *PRICES}, place)
        above, inclusive = row.get("above"), row.get("inclusive", False)
        if type(above) is not int or above <= tiers[-1].above:
            raise _wrong(f"{place}.above", f"must be a whole number of input tokens above {tiers[-1].above}")
        if not isinstance(inclusive, bool):
            raise _wrong(f"{place}.inclusive", "must be true (from `above` tokens on) or false (beyond them)")
        tiers.append(Tier(above, inclusive, _rates(row, tiers[-1].rates, place, free=free)))
    return tuple(tiers)


def _rates(entry: Mapping[str, object], below: Rates | None, where: str, *, free: bool) -> Rates:
    named = {field: _picos(entry[field], f"{where}.{field}", field, free=free) for field in PRICES if field in entry}
    if below is not None:
        return msgspec.structs.replace(below, **named)
    if free:
        named = {"input": 0, "output": 0} | named
    if "input" not in named:
        raise _wrong(f"{where}.input", "is missing; say `free = true` if the model costs nothing")
    if named["input"] and named.get("output") == 0:
        raise _wrong(f"{where}.output", "is 0 beside a price for input; leave it out if the model has no output")
    return Rates(**({"output": 0} | named))


def _picos(value: object, where: str, field: str, *, free: bool) -> int:
    """A price as whole pico-dollars apiece. Numbers are read as they are written: 0.1 is a tenth."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise _wrong(where, "must be a number of USD")
    try:
        usd = Decimal(str(value))
    except InvalidOperation as error:
        raise _wrong(where, f"must be a number of USD, not {value!r}") from error
    if not usd.is_finite() or usd < 0 or usd > MOST_USD:
        raise _wrong(where, f"must be between 0 and {MOST_USD:,} USD, not {value}")
    if usd == 0 and not free:
        raise _wrong(where, "is 0; say `free = true` if that is meant")
    picos = usd * (PICOS_PER_SEARCH if field in PER_THOUSAND else PICOS_PER_TOKEN)
    if picos != picos.to_integral_value():
        raise _wrong(where, f"{value} is finer than a pico-dollar apiece")
    return int(picos)


def _text(entry: Mapping[str, object], field: str, where: str) -> str:
    value = entry.get(field, "")
    if not isinstance(value, str):
        raise _wrong(f"{where}.{field}", "must be a name in quotes")
    return value.strip().lower()


def _refuse_unknown(entry: Mapping[str, object], known: set[str], where: str) -> None:
    for field in entry:
        if field not in known:
            raise _wrong(f"{where}.{field}", f"is not a setting; known are {', '.join(sorted(known))}")


def _wrong(field: str, message: str) -> BadConfig:
    return BadConfig(f"{field} {message}", field=field)
