"""A made-up past of agents' runs, priced by the book, for whatever reads the past as values."""

import random

import msgspec

from farthing.domain.ids import EPOCH_MS, attempt_id
from farthing.domain.price import Cost, PriceCard
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening, MessageShape, Skeleton
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord, CallRecord
from farthing.pricing.cost import cost
from farthing.stores.sqlite.connect import open_database
from support.prices import NOW as NOW_MS
from support.prices import book
from support.recorded import write

BOOK = book()
PROVIDERS = {
    "claude-opus-4-6": "anthropic",
    "gpt-4o": "openai",
    "gpt-4o-mini": "openai",
    "claude-sonnet-4-5": "anthropic",
    "claude-haiku-4-5": "anthropic",
}


def card_of(opening):
    return BOOK.find(opening.model, opening.provider, at_ms=opening.opened_ms)


def message(role, word, size, *tools):
    """A message whose digest is its word."""
    return MessageShape(role, word, size, tools)


def prompt(*messages, head=0, version="v1", tools=()):
    """A skeleton: `head` bytes of system prompt and tools before the messages."""
    return Skeleton(
        messages=messages,
        prompt_digest=version if head else "",
        system_digest=version if head else "",
        tool_names=tools,
        text_bytes=head + sum(each.bytes for each in messages),
    )


def call(
    number,
    skeleton,
    usage,
    *,
    model="gpt-4o",
    at_ms=NOW_MS,
    finish="stop",
    state="settled",
    source="provider",
    nanos=None,
    **labels,
):
    """The `number`th call, paid in full. `nanos` is another amount than the book's."""
    number_id = ((at_ms - EPOCH_MS) << 22) | (number << 4)
    opening = AttemptOpening(
        id=attempt_id(number_id, 1),
        call_id=number_id,
        ordinal=1,
        provider=PROVIDERS.get(model, "openai"),
        model=model,
        book=BOOK.hash,
        bound="bytes",
        input_bound=skeleton.text_bytes,
        text_bytes=skeleton.text_bytes,
        opened_ms=at_ms,
    )
    card = card_of(opening)
    found = cost(card, usage) if nanos is None and usage is not None and isinstance(card, PriceCard) else None
    priced = found.nanos if isinstance(found, Cost) else nanos
    attempt = AttemptRecord(
        opening=opening,
        state=state,
        cap=4_096,
        usage=usage,
        source=source,
        finish=finish,
        cost_nanos=priced,
        remainder_picos=found.remainder_picos if isinstance(found, Cost) else 0,
        settled_ms=at_ms + 900,
    )
    return CallRecord(
        opening=CallOpening(
            id=number_id,
            arrived_ms=at_ms,
            labels=tuple(sorted(labels.items())),
            dialect="openai-chat",
            model=model,
            skeleton=msgspec.json.encode(skeleton),
        ),
        closing=CallClosing(id=number_id, outcome="paid", status=200, finished_ms=at_ms + 900),
        skeleton=skeleton,
        attempts=(attempt,),
    )


def some_runs(seed, runs=20, turns=8):
    """Agents that talk: each turn sends all before it, now and then fetches again, and is read from a cache."""
    rng = random.Random(seed)
    number = 0
    for run in range(runs):
        model = rng.choice(list(PROVIDERS))
        said = [message("user", f"{run}:0", rng.randrange(20, 4_000))]
        head = rng.choice((0, 900, 9_000))
        for turn in range(1, rng.randrange(2, turns)):
            number += 1
            skeleton = prompt(*said, head=head, version=f"v{rng.randrange(2)}")
            total = max(skeleton.text_bytes // 4, 1)
            read = rng.randrange(total) if rng.random() < 0.5 else 0
            written = rng.randrange(total - read) if model.startswith("claude") else 0
            usage = Usage(
                input_tokens=total,
                output_tokens=rng.randrange(1, 900),
                cache_read_input_tokens=read,
                cache_write_input_tokens=written,
                cache_write_1h_input_tokens=rng.randrange(written + 1),
            )
            at_ms = NOW_MS + number * 1_000
            yield call(number, skeleton, usage, model=model, at_ms=at_ms, run=f"r{run}", workflow=f"w{run % 3}")
            said.append(message("assistant", f"{run}:{turn}:a", rng.randrange(0, 90), "read"))
            said.append(message("tool", f"{run}:{turn}:t", rng.choice((40, 700)), "read"))


def keep(path, records):
    """A store's file with these calls in it."""
    connection = open_database(path)
    connection.execute("BEGIN")
    for record in records:
        write(connection, record)
    connection.execute("COMMIT")
    connection.close()
    return path


def moved(record, by_ms):
    """The same call at another time, with an id to match."""
    opening = msgspec.structs.replace(
        record.opening, id=record.opening.id + (by_ms << 22), arrived_ms=record.opening.arrived_ms + by_ms
    )
    attempts = tuple(
        msgspec.structs.replace(
            each,
            opening=msgspec.structs.replace(
                each.opening,
                id=each.opening.id + (by_ms << 22),
                call_id=opening.id,
                opened_ms=each.opening.opened_ms + by_ms,
            ),
        )
        for each in record.attempts
    )
    closing = msgspec.structs.replace(record.closing, id=opening.id, finished_ms=record.closing.finished_ms + by_ms)
    return msgspec.structs.replace(record, opening=opening, closing=closing, attempts=attempts)
