"""Power cuts: six runs set their money aside, or settle, on a disk that remembers every write; then disks as a cut may leave them.

What was acknowledged is the last thing in the log, so every other image is cut right after it. From one of these a
gateway starts and serves the next calls; from all of them the ledger must be the same.
"""

import asyncio
import random
import sqlite3
from pathlib import Path

from farthing.config.convert import budgets_of
from farthing.config.engine import wall_ms
from farthing.config.load import load
from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Charge, Reserve, Reserved, Settlement, Spent
from farthing.domain.ids import Mint, attempt_id
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.stores.sqlite.guards import SqliteGuards
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.verify import verify
from support import fault_world as world
from support.fault_process import closing_records
from support.fault_words import Case, Policy
from support.fault_world import NOBODY_SAW, Bill, Left, Outcome, Outcomes, Run, left_by, six_runs, then
from support.gateway import running_gateway
from support.hasty import Seen
from support.ledger_work import wrong_sums
from support.powercut import Image, Recorder, images

NAME = "farthing.db"
IMAGES = 16
PRICES = {world.DEAR: (2_500_000, 10_000_000), world.CHEAP: (150_000, 600_000)}
"""Pico-dollars of an input and an output token."""
INPUT_TOKENS, INPUT_BOUND = 16, 43


def cut_scene(case: Case, folder: Path) -> Outcomes:
    """What each of six runs finds when the power is back."""
    runs = six_runs(case.name)
    seed = random.randrange(2**32)
    log = _record(folder, runs, settles=case.inject == "settled")
    whole = [image for image in images(log, IMAGES, seed, start={NAME: b""}) if _recovered(folder, image).promises]
    assert len(whole) >= IMAGES // 2
    left = [_left(folder / f"image{image.number}", runs) for image in whole]
    same = [{run: (one[run].states, one[run].posted, one[run].unknown) for run in runs} for one in left]
    assert all(one == same[0] for one in same), f"seed {seed}"
    after = _then(folder / f"image{whole[0].number}", runs)
    seen = Seen(200, {}, "", ended=True) if case.inject == "settled" else NOBODY_SAW
    return {(run.policy, run.streamed): Outcome(run, seen, left[0][run], _bill(run), after[run]) for run in runs}


def _record(folder: Path, runs: tuple[Run, ...], *, settles: bool) -> list:
    """The log of everything that was written until the last acknowledgement."""
    settings = load(world.write_config(folder, "http://127.0.0.1:9"), {})
    recorder = Recorder(f"faults-{folder.name}")
    path = folder / NAME

    async def work() -> list:
        ledger = SqliteLedger.open(path, connect=recorder.connect)
        guards = SqliteGuards(path, now_ms=wall_ms, connect=recorder.connect)
        ledger.adopt(budgets_of(settings))
        mint = Mint(ledger.slot)
        for run in runs:
            if run.policy is not Policy.BLOCK:
                warm = await _hold(ledger, mint, run, world.DEAR, world.WARM_CAP, lands=False)
                ledger.settle(_settlement(warm, world.DEAR, world.WARM_CAP))
            met = await _hold(ledger, mint, run, model_of(run), run.cap, lands=run.policy is Policy.LAND)
            if run.policy is Policy.LAND:
                guards.land(run.name, agent="")
            if settles:
                ledger.settle(_settlement(met, model_of(run), world.OUTPUT_TOKENS, *world.ACTS[run.policy]))
                await ledger.flush()
        recorder.ack("all of it")
        log = list(recorder.log)
        guards.close()
        await ledger.close()
        return log

    try:
        return asyncio.run(work())
    finally:
        recorder.close()


def model_of(run: Run) -> str:
    return world.MODELS[run.policy]


async def _hold(ledger: SqliteLedger, mint: Mint, run: Run, model: str, cap: int, *, lands: bool) -> int:
    """Set the worst case aside on both budgets, durably. Returns the attempt."""
    now_ms = wall_ms()
    call = mint(now_ms)
    given, made = PRICES[model]
    accounts = (
        AccountKey("all", "", Unit.USD, "lifetime"),
        AccountKey(run.policy.value, "", Unit.USD, f"run:{run.name}"),
    )
    labels = (("run", run.name), ("team", run.policy.value))
    ask = Reserve(
        opening=AttemptOpening(
            id=attempt_id(call, 1),
            call_id=call,
            ordinal=1,
            provider="openai",
            model=model,
            book="",
            bound="bytes",
            input_bound=INPUT_BOUND,
            opened_ms=now_ms,
        ),
        call=CallOpening(id=call, arrived_ms=now_ms, labels=labels, streamed=run.streamed, skeleton=b"{}"),
        charges=tuple(Charge(account, given * INPUT_BOUND, made, 1, 1_000) for account in accounts),
        cap=cap,
        floor=cap,
        lands=lands,
    )
    held = await ledger.reserve(ask)
    assert isinstance(held, Reserved), held
    return ask.opening.id


def _settlement(attempt: int, model: str, output_tokens: int, *flags: str) -> Settlement:
    nanos, now_ms = _cost_nanos(model, output_tokens), wall_ms()
    return Settlement(
        attempt=attempt,
        spent=Spent(picos=nanos * 1_000, input_tokens=INPUT_TOKENS, output_tokens=output_tokens),
        usage=Usage(input_tokens=INPUT_TOKENS, output_tokens=output_tokens),
        cost_nanos=nanos,
        flags=flags,
        settled_ms=now_ms,
        closing=CallClosing(id=attempt - 1, outcome="paid", status=200, finished_ms=now_ms),
    )


def _cost_nanos(model: str, output_tokens: int) -> int:
    given, made = PRICES[model]
    return (given * INPUT_TOKENS + made * output_tokens) // 1_000


def _bill(run: Run) -> Bill:
    """The provider was asked once, and charges what its answer came to."""
    return Bill(1, _cost_nanos(model_of(run), world.OUTPUT_TOKENS), (model_of(run),))


def _recovered(folder: Path, image: Image) -> Image:
    """Put the image into a folder of its own and start a ledger on it, as the next process would."""
    home = folder / f"image{image.number}"
    home.mkdir()
    for name, content in image.files.items():
        (home / name).write_bytes(content)
    SqliteLedger.open(home / NAME).close_now()
    connection = sqlite3.connect(home / NAME)
    assert wrong_sums(connection) == []
    connection.close()
    return image


def _left(home: Path, runs: tuple[Run, ...]) -> dict[Run, Left]:
    assert verify(home / NAME) == []
    with closing_records(home / NAME) as records:
        return {run: left_by(records, run) for run in runs}


def _then(home: Path, runs: tuple[Run, ...]) -> dict:
    """What a gateway on this disk says to the next call of each run."""
    with world.provider().in_thread() as simulated:
        config = world.write_config(home, simulated.url)
        with running_gateway(config) as gateway:
            return {run: then(gateway.url, run) for run in runs}
