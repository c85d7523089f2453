"""Many mixed calls: nobody is refused what can be paid, nothing is overspent at any moment, totals equal the bill.

`FARTHING_MIXED=100000` drives as many calls as the promise says; a run of the suite drives three thousand.
"""

import asyncio
import contextlib
import os
import threading
import time
from collections import Counter

import aiohttp
import msgspec
import pytest

from farthing.config.convert import budgets_of
from farthing.testing import Reply
from support.configs import load_text
from support.gateway import gateway_and_provider
from support.gateway_process import LedgerFile
from support.hasty import eventually
from support.mixed import BUDGETS, LIMITS, assert_rightly_refused, mix
from support.mixed_desk import DurableDesk
from support.simulated import ANTHROPIC, OPENAI

CALLS = 3_000
DRIVEN = int(os.environ.get("FARTHING_MIXED", "3000"))
SEED = int(os.environ.get("FARTHING_SEED", "1"))
AT_ONCE = 32
ROUTES = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
}


def judge(call, status, text, counts):
    """One outcome: paid, held back by others (`budget_reserved`), or refused; a refusal must be right."""
    if status == 200:
        counts["paid"] += 1
        return
    assert status == 402, (status, text[:300])
    body = msgspec.json.decode(text)
    figures = body.get("farthing") or body["error"]["farthing"]
    if "calls in flight hold it" in text:
        counts["budget_reserved"] += 1
        return
    counts["budget_exceeded"] += 1
    assert_rightly_refused(call, "budget_exceeded", figures)


def assert_within_limits(ledger):
    """No account is above its limit, held money included: every request here keeps its cap."""
    for budget, value, unit, posted, held, unknown in ledger.connection.execute(
        "SELECT budget, value, unit, posted, held, unknown FROM account"
    ):
        assert posted + held + unknown <= LIMITS[budget], (budget, value, unit, posted, held, unknown)


def totals(ledger):
    """Posted on all accounts of each budget, and whatever is not at its end."""
    found = ledger.connection.execute("SELECT budget, sum(posted), sum(held + unknown) FROM account GROUP BY budget")
    return {budget: (posted, left_open) for budget, posted, left_open in found}


class Watch:
    """Looks at every account all the time, from outside, until the block ends."""

    def __init__(self, path):
        self.path, self.looks, self.wrong = path, 0, []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        with LedgerFile(self.path) as ledger:
            while not self._over.wait(0.02):
                try:
                    assert_within_limits(ledger)
                except AssertionError as error:
                    self.wrong.append(error)
                self.looks += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._over.set()
        self._thread.join()
        assert kind is not None or self.looks > 3
        assert not self.wrong, self.wrong[0]


# Over HTTP


async def whole_text(answer):
    """The body; what came of it where it was cut."""
    text = b""
    with contextlib.suppress(aiohttp.ClientPayloadError):
        async for piece in answer.content.iter_any():
            text += piece
    return text.decode("utf-8", "replace")


async def over_http(url, calls, judged):
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(100)) as session:

        async def worker():
            for call in calls:
                headers = ANTHROPIC if call.dialect == "anthropic-messages" else OPENAI
                labels = ",".join(f"{name}={value}" for name, value in call.labels)
                headers = {**headers, "x-farthing-labels": labels}
                async with session.post(url + ROUTES[call.dialect], json=call.body(), headers=headers) as answer:
                    judged(call, answer.status, await whole_text(answer))

        await asyncio.gather(*[worker() for _ in range(AT_ONCE)])


@pytest.mark.slow
def test_3000_mixed_calls_over_http(tmp_path):
    counts = Counter()

    def script(prompt):
        return Reply(tokens=20 + len(prompt.turns[-1].text) % 300, reasoning=0)

    with gateway_and_provider(tmp_path, BUDGETS.format(wait="10s"), script=script) as (gateway, provider):
        with Watch(tmp_path / "farthing.db"):
            asyncio.run(over_http(gateway.url, mix(CALLS, SEED), lambda *seen: judge(*seen, counts)))
        gateway.flush()
        with LedgerFile(tmp_path / "farthing.db") as ledger:
            assert_exact(ledger, provider.bill.nanos, len(provider.bill), sum(
                entry.usage.input_tokens + entry.usage.output_tokens for entry in provider.bill
            ))  # fmt: skip
    assert counts.total() == CALLS
    assert counts["paid"] > CALLS // 4
    assert counts["budget_exceeded"] > CALLS // 20


MISFORTUNES = {
    "429": 0.05,
    "529": 0.02,
    "500": 0.03,
    "error:status=500,billed=true": 0.03,
    "error_body:billed=true": 0.03,
    "error_event": 0.03,
    "reset_before_headers": 0.04,
    "reset_after_headers": 0.03,
    "reset_mid_body": 0.05,
    "truncate": 0.05,
    "no_usage": 0.05,
    "malformed_usage": 0.03,
    "negative_usage": 0.02,
    "huge_usage": 0.02,
    "usage_twice": 0.04,
    "usage_every_chunk": 0.04,
    "zero_usage": 0.04,
}
"""Fault → its chance at each request: three in five of them go wrong."""


@pytest.mark.slow
def test_through_every_misfortune_nothing_sent_is_free_and_no_limit_is_passed(tmp_path):
    counts = Counter()
    with gateway_and_provider(tmp_path, BUDGETS.format(wait="2s")) as (gateway, provider):
        provider.faults.roll(MISFORTUNES, SEED)
        with Watch(tmp_path / "farthing.db"):
            asyncio.run(over_http(gateway.url, mix(800, SEED), lambda call, status, text: counts.update([status])))
        gateway.flush()
        eventually(lambda: all(entry.outcome != "running" for entry in provider.bill), "the bill is made up")
        with LedgerFile(tmp_path / "farthing.db") as ledger:
            assert_within_limits(ledger)
            posted, held, unknown = ledger.standing("all")
            states = Counter(row.state for row in ledger.rows())
        billed = provider.bill.nanos
    assert held == 0
    assert posted + unknown >= billed
    assert min(states["settled"], states["unknown"]) > 100
    assert states["void"] == counts[429] + counts[529] > 10


def assert_exact(ledger, nanos, calls, tokens):
    """The sum over all users, teams and runs is the provider's bill; nothing is left open."""
    assert totals(ledger) == {
        "all": (nanos, 0),
        "each user": (nanos, 0),
        "each team": (tokens, 0),
        "each run": (calls, 0),
    }


# The life of a call without HTTP, for the large number


async def driven(desk, calls, judged):
    async def worker():
        for call in calls:
            client = await desk.call(call)
            judged(call, client.status, client.text.decode())

    await asyncio.gather(*[worker() for _ in range(AT_ONCE)])
    await desk.ledger.flush()


@pytest.mark.slow
@pytest.mark.timeout(60 + DRIVEN // 100)
def test_mixed_calls_driven_over_the_durable_ledger(tmp_path, capsys):
    counts = Counter()
    budgets = budgets_of(load_text(tmp_path, BUDGETS.format(wait="10s")))
    path = tmp_path / "farthing.db"

    async def main():
        desk = DurableDesk(path, budgets, SEED)
        try:
            with Watch(path):
                await driven(desk, mix(DRIVEN, SEED), lambda *seen: judge(*seen, counts))
        finally:
            await desk.ledger.close()
        return desk.provider

    begun = time.monotonic()
    provider = asyncio.run(main())
    with LedgerFile(path) as ledger:
        assert_exact(ledger, provider.nanos, provider.calls, provider.tokens)
    with capsys.disabled():
        print(f"\n{DRIVEN} mixed calls in {time.monotonic() - begun:.0f} s: {dict(counts)}, no false refusal")
    assert counts.total() == DRIVEN
    assert counts["budget_exceeded"] > DRIVEN // 20
