"""A ledger's file with a long past, made quickly: rows go in by the store's own SQL, without reserves."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from farthing.domain.ids import EPOCH_MS, attempt_id
from farthing.domain.price import PriceCard
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening, MessageShape, Skeleton
from farthing.domain.usage import Usage
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import cost
from farthing.pricing.finder import card_finder
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.statements import sql
from farthing.stores.sqlite.writing import rows as store

DAY_MS = 86_400_000
DAYS = 30
TEAMS, USERS = 50, 2_000
"""Teams, and users in each."""
PER_RUN = 10
RUNS_APART = DAYS * 24 * 3 * PER_RUN
"""Calls in all for each run that goes on at a time."""
BATCH = 20_000
MODELS = (
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("openai", "gpt-4.1"),
    ("anthropic", "claude-opus-4-6"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-4-5"),
)
UNTIL_MS = EPOCH_MS + 60 * DAY_MS
"""Where the past ends."""
CARD_OF = card_finder(PriceBook.load(), {})

_SETTLED = sql("attempt_settle")
_Rows = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[tuple[Any, ...]]]


def make_past(path: Path, calls: int, *, seed: int = 1) -> None:
    """So many calls over 30 days in runs of ten, one in fifty refused, on one account. The file must not be there yet."""
    connection = open_database(path)
    connection.execute("PRAGMA synchronous = OFF")
    spent = 0
    for opened, held, settled in _batches(calls, random.Random(seed)):
        connection.execute("BEGIN")
        connection.executemany(sql("call_refuse"), opened)
        connection.executemany(sql("attempt_hold"), held)
        connection.executemany(_SETTLED, settled)
        connection.execute("COMMIT")
        spent += sum(row[1] for row in settled)
    connection.execute(sql("account_add"), (spent, 0, 0, UNTIL_MS, "all", "", "usd", "lifetime"))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _batches(calls: int, chance: random.Random) -> Iterator[_Rows]:
    rows: _Rows = ([], [], [])
    since_ms = UNTIL_MS - DAYS * DAY_MS
    for number in range(calls):
        at_ms = since_ms + number * DAYS * DAY_MS // calls
        _call(rows, number, at_ms, max(calls // RUNS_APART, 1), chance)
        if len(rows[0]) == BATCH:
            yield rows
            rows = ([], [], [])
    yield rows


def _call(rows: _Rows, number: int, at_ms: int, lanes: int, chance: random.Random) -> None:
    """So many runs go on at a time, each for some twenty minutes."""
    lane, turn = number % lanes, number // lanes
    run = turn // PER_RUN * lanes + lane
    of_run = random.Random(run)
    team, user = of_run.randrange(TEAMS), of_run.randrange(USERS)
    provider, model = MODELS[of_run.randrange(len(MODELS))]
    labels = {"agent": f"agent-{run % 20}", "run": f"run-{run:07d}", "step": f"s{turn % PER_RUN}"}
    labels |= {"team": f"team-{team:02d}", "user": f"user-{team:02d}-{user:04d}", "workflow": f"flow-{team % 5}"}
    call = ((at_ms - EPOCH_MS) << 22) | (number % 250) << 4
    refused = chance.random() < 0.02
    opening = CallOpening(
        id=call,
        arrived_ms=at_ms,
        labels=tuple(labels.items()),
        dialect="openai-chat",
        route="/v1/chat/completions",
        model=model,
        cap_asked=512,
        skeleton=_skeleton(run, turn % PER_RUN),
    )
    rows[0].append((*store.opening(opening), *store.ending(_end(call, at_ms, refused=refused))))
    if not refused:
        _attempt(rows, attempt_id(call, 1), provider, model, at_ms, turn % PER_RUN, chance)


def _end(call: int, at_ms: int, *, refused: bool) -> CallClosing:
    if refused:
        return CallClosing(id=call, outcome="refused", status=402, finished_ms=at_ms, code="budget_exceeded")
    return CallClosing(id=call, outcome="paid", status=200, finished_ms=at_ms + 900, first_byte_ms=300)


def _attempt(
    rows: _Rows, attempt: int, provider: str, model: str, at_ms: int, turn: int, chance: random.Random
) -> None:
    tokens = 1_000 + turn * 800 + chance.randrange(200)
    usage = Usage(
        input_tokens=tokens,
        cache_read_input_tokens=tokens - 900 if turn and provider == "anthropic" else 0,
        output_tokens=chance.randrange(20, 600),
    )
    card = CARD_OF(_opening(attempt, provider, model, at_ms))
    assert isinstance(card, PriceCard), card
    found = cost(card, usage)
    charges = f"[[1,{found.nanos},1,1000,null]]"
    rows[1].append((attempt, 0, provider, model, "b00c", "bytes", tokens, 4 * tokens, 1, 512, at_ms, charges, None))
    used = msgspec.structs.astuple(usage)
    told = ("provider", "", model, f"resp_{attempt:x}", "stop", None, at_ms + 900)
    rows[2].append((f"[{found.nanos}]", found.nanos, found.remainder_picos, *used, *told, attempt))


def _opening(attempt: int, provider: str, model: str, at_ms: int) -> AttemptOpening:
    return AttemptOpening(
        id=attempt, call_id=attempt & ~15, ordinal=1, provider=provider, model=model, book="", bound="", input_bound=0,
        opened_ms=at_ms,
    )  # fmt: skip


def _skeleton(run: int, turn: int) -> bytes:
    messages = tuple(MessageShape("user", f"{run:08x}{place:08x}", 900) for place in range(turn + 1))
    prompt = f"{run % 7:016x}"
    return msgspec.json.encode(
        Skeleton(messages=messages, system_digest=prompt, prompt_digest=prompt, text_bytes=4_000)
    )
