"""Traces of lengths: when calls came, how long their prompts and answers were, and which blocks of prompts were equal.

Mooncake's (`timestamp` in milliseconds, `input_length`, `output_length`, `hash_ids` of blocks of 512 tokens) and Azure's
(`TIMESTAMP`, `ContextTokens`, `GeneratedTokens`). They have no bill: what the calls cost then is simulated here, with the
provider's prompt cache and the price of the model that is named, and that is what the policy is held against.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from farthing.domain.ids import Mint
from farthing.domain.price import Cost, PriceCard
from farthing.domain.record import Labels
from farthing.domain.usage import Usage
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import cost
from farthing.replay.caches import PrefixCaches, parts_of
from farthing.replay.recorded import Blocks, Recorded
from farthing.testing.models import model_named

BLOCK = 512
"""Tokens of one block of Mooncake's hashes."""
BYTES_PER_TOKEN = 4
EPOCH_MS = 1_767_225_600_000
"""2026-01-01 UTC: where a trace begins that says only how long after its beginning its calls came."""

Row = Mapping[str, object]


class TraceRow(msgspec.Struct, frozen=True):
    """One line of either shape."""

    at_ms: int
    input_tokens: int
    output_tokens: int
    blocks: Blocks = ()


def is_mooncake(row: Row) -> bool:
    return "input_length" in row and "output_length" in row


def is_azure(row: Row) -> bool:
    return "ContextTokens" in row and "GeneratedTokens" in row


def mooncake(row: Row) -> TraceRow:
    """Raises ValueError that names the field."""
    tokens = _count(row, "input_length")
    ids = row.get("hash_ids", [])
    if not isinstance(ids, list) or not all(isinstance(each, int) for each in ids):
        raise ValueError("`hash_ids` must be a list of whole numbers")
    sizes = [min(BLOCK, tokens - BLOCK * at) for at in range(len(ids)) if tokens > BLOCK * at]
    blocks: list[tuple[int | str, int]] = list(zip(ids, sizes, strict=False))
    rest = tokens - sum(sizes)
    if rest:
        blocks.append((f"rest/{row.get('timestamp')}", rest))
    return TraceRow(EPOCH_MS + _count(row, "timestamp"), tokens, _count(row, "output_length"), tuple(blocks))


def azure(row: Row) -> TraceRow:
    """Raises ValueError that names the field."""
    said = str(row.get("TIMESTAMP", ""))
    try:
        moment = datetime.fromisoformat(said[:26])
    except ValueError:
        raise ValueError(f"`TIMESTAMP` is {said!r}; it must be like '2023-11-16 18:17:03.9799600'") from None
    at_ms = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000)
    return TraceRow(at_ms, _count(row, "ContextTokens"), _count(row, "GeneratedTokens"))


class Billed:
    """Makes calls of trace rows, in order of arrival, and the bill they would have had."""

    def __init__(self, model: str, prices: PriceBook, *, labels: Labels = ()) -> None:
        self._model = model
        self._format = "anthropic" if model_named(model).maker == "anthropic" else "openai"
        self._prices = prices
        self._labels = labels
        self._caches = PrefixCaches()
        self._mint = Mint(0)

    def calls(self, rows: Iterator[tuple[str, TraceRow]]) -> Iterator[Recorded]:
        """`rows` come with where they are written."""
        last_ms = 0
        for origin, row in rows:
            last_ms = max(last_ms, row.at_ms)  # a trace that is a little out of order is put in order
            yield self._call(origin, row, last_ms)

    def _call(self, origin: str, row: TraceRow, at_ms: int) -> Recorded:
        openai = self._format == "openai"
        call = Recorded(
            id=self._mint(at_ms),
            arrived_ms=at_ms,
            origin=origin,
            labels=self._labels,
            dialect="openai-chat" if openai else "anthropic-messages",
            route="/chat/completions" if openai else "/v1/messages",
            model=self._model,
            provider=self._format,
            sent_model=self._model,
            text_bytes=row.input_tokens * BYTES_PER_TOKEN,
            blocks=row.blocks,
            finish="stop" if openai else "end_turn",
        )
        usage = Usage(
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cache_read_input_tokens=self._read(call, row.input_tokens, at_ms),
        )
        found = self._price(call, usage)
        return msgspec.structs.replace(
            call,
            usage=usage,
            cost_nanos=found.nanos if found else None,
            remainder_picos=found.remainder_picos if found else 0,
        )

    def _read(self, call: Recorded, input_tokens: int, at_ms: int) -> int:
        parts = parts_of(call, input_tokens)
        if not parts or self._format != "openai":  # Anthropic caches nothing unless the body marks it
            return 0
        return self._caches.use(("", self._model), parts, automatic=True, now_ms=at_ms).read

    def _price(self, call: Recorded, usage: Usage) -> Cost | None:
        card = self._prices.find(self._model, self._format, at_ms=call.arrived_ms)
        found = cost(card, usage) if isinstance(card, PriceCard) else None
        return found if isinstance(found, Cost) else None


def _count(row: Row, name: str) -> int:
    """A whole number, also where it is written as text."""
    value = row.get(name)
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"`{name}` is {value!r}; it must be a whole number, not negative")
    return value
