"""Traffic to be killed under: calls that each carry a cap of their own, so that client, ledger and bill can be joined on it."""

import asyncio
import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import aiohttp

from farthing.domain.money import parse_usd
from support.hasty import PATHS, body_of, headers_of

ENDS = {"chat": b"data: [DONE]", "responses": b"event: response.completed", "messages": b"event: message_stop"}
SHAPES = [(dialect, stream) for dialect in PATHS for stream in (False, True)]


class Acknowledged(NamedTuple):
    """An answer that its client has in full, with the cost it was told."""

    cap: int
    cost_nanos: int
    at: float
    """`time.monotonic()` when its last byte was read."""


async def until_killed(
    url: str, seed: int, seconds: float, kill: Callable[[], None], workers: int = 16
) -> tuple[list[Acknowledged], float]:
    """Keep `workers` calls going for `seconds`, then kill: what was acknowledged, and when the kill was."""
    acknowledged: list[Acknowledged] = []
    caps = itertools.count(100)
    chance = random.Random(seed)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as session:
        tasks = [asyncio.create_task(_work(session, url, caps, chance, acknowledged)) for _ in range(workers)]
        await asyncio.sleep(seconds)
        killed = time.monotonic()
        kill()
        await asyncio.gather(*tasks)
    return acknowledged, killed


async def _work(
    session: aiohttp.ClientSession,
    url: str,
    caps: Iterator[int],
    chance: random.Random,
    acknowledged: list[Acknowledged],
) -> None:
    """Call after call until the connection breaks."""
    while True:
        dialect, stream = chance.choice(SHAPES)
        cap = next(caps)
        try:
            cost = await one_call(session, url, dialect, cap, stream=stream)
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            return
        if cost is not None:
            acknowledged.append(Acknowledged(cap, cost, time.monotonic()))


async def one_call(session: aiohttp.ClientSession, url: str, dialect: str, cap: int, *, stream: bool) -> int | None:
    """The cost the client was told, None where it was told none. Raises when the answer is cut."""
    body = body_of(dialect, stream=stream, cap=cap)
    if dialect == "chat" and stream:
        body["stream_options"] = {"include_usage": True}
    async with session.post(f"{url}{PATHS[dialect]}", json=body, headers=headers_of(dialect)) as answer:
        text = await answer.read()
        if answer.status != 200:
            return None
        if not stream:
            return parse_usd(answer.headers["x-farthing-cost-usd"])
        assert ENDS[dialect] in text, "a stream ended without its end"
        return told_in_stream(text)


def told_in_stream(text: bytes) -> int:
    """The cost in the note of a stream."""
    at = text.index(b'"farthing":')
    note, _ = json.JSONDecoder().raw_decode(text[at + len(b'"farthing":') :].decode())
    return parse_usd(note["cost_usd"])
