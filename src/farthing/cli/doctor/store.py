"""What the doctor looks at in the store: the file, every balance, who shares it, what is open, what is refused."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from farthing.cli.doctor.examination import Finding, State
from farthing.cli.options import Store, open_store
from farthing.cli.screen import amount, moment
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.config.store import path_of
from farthing.domain.budget import Unit
from farthing.domain.errors import LedgerUnavailable, StoreBroken
from farthing.domain.ids import call_of, show
from farthing.stores.sqlite.history import SqliteHistory
from farthing.stores.sqlite.roll import roll
from farthing.stores.sqlite.verify import verify

LOW_DISK_BYTES = 1 << 30


def store_findings(settings: Settings, progress: Console) -> Iterator[Finding]:
    """Everything about the store. Stops at what keeps it from being read."""
    path = path_of(settings)
    if path is None:
        yield Finding(part="store", state=State.NOTE, said="in memory: accounts and records go with the gateway")
        return
    if not path.exists():
        yield Finding(part="store", state=State.NOTE, said=f"{path} is not there yet", do="`farthing serve` makes it")
        return
    try:
        yield from _file(path)
        yield from _balances(path, progress)
        yield from _owners(path)
        with open_store(settings) as store:
            yield from _past(path)
            yield from _open_holds(store)
            yield from _gates(store)
    except (StoreBroken, LedgerUnavailable) as error:
        yield Finding(
            part="store", state=State.BAD, said=str(error), do="keep a copy of the file before you do anything"
        )


def _file(path: Path) -> Iterator[Finding]:
    size = sum(name.stat().st_size for name in (path, path.with_name(f"{path.name}-wal")) if name.exists())
    free = shutil.disk_usage(path.resolve().parent).free
    yield Finding(part="store", state=State.GOOD, said=f"{path}, {size / 2**20:,.1f} MiB, {free / 2**30:,.1f} GiB free")
    if free < LOW_DISK_BYTES:
        do = "free some space: when the disk is full every call is refused"
        yield Finding(part="store", state=State.BAD, said=f"only {free / 2**20:,.0f} MiB are left on its disk", do=do)
    if path.stat().st_mode & 0o077:
        do = f"chmod 600 {path}"
        yield Finding(part="store", state=State.NOTE, said=f"{path} can be read by other users of this machine", do=do)


def _balances(path: Path, console: Console) -> Iterator[Finding]:
    """Adds up every balance again, with progress where somebody watches."""
    columns = (TextColumn("adding up"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    read = 0
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("attempts", total=None)

        def progress(done: int) -> None:
            nonlocal read
            read = done
            shown.update(task, completed=done)

        wrong = verify(path, progress=progress)
    if not wrong:
        yield Finding(part="ledger", state=State.GOOD, said=f"every balance is the sum of its {read:,} attempts")
    for finding in wrong:
        said = finding.detail or ""
        if finding.kind != "file":
            said = (
                f"{finding.account}: {finding.kind} says {finding.row:,}, its attempts add up to {finding.sum:,} {said}"
            )
        do = "stop the gateway, keep a copy of the file, and report it: no balance may ever differ"
        yield Finding(part="ledger", state=State.BAD, said=said.strip(), do=do)


def _owners(path: Path) -> Iterator[Finding]:
    every = roll(path)
    alive = [owner for owner in every if owner.alive]
    for owner in alive:
        held = f", {owner.held:,} calls in flight" if owner.held else ""
        said = f"{owner.what} (pid {owner.pid}) since {moment(owner.started_ms)}{held}"
        yield Finding(part="owners", state=State.GOOD, said=said)
    if not alive:
        yield Finding(part="owners", state=State.GOOD, said="no process has the ledger open")
    for owner in every:
        if not owner.alive and owner.held:
            said = f"{owner.what} (pid {owner.pid}) died with {owner.held:,} calls in flight"
            do = "any gateway on this file makes them unknown within seconds: start one"
            yield Finding(part="owners", state=State.NOTE, said=said, do=do)


def _past(path: Path) -> Iterator[Finding]:
    history = SqliteHistory(path, now_ms=wall_ms)
    try:
        told = history.summing()
    finally:
        history.close()
    if told.done:
        yield Finding(part="past", state=State.GOOD, said=f"{told}, {told.days:,} days" if told.days else str(told))
        return
    since = f"; since {moment(told.since_ms)} it is whole" if told.since_ms else ""
    do = "`farthing serve` goes on by itself, and so does any report; until then reports are slower"
    yield Finding(part="past", state=State.NOTE, said=f"{told}{since}", do=do)


def _open_holds(store: Store) -> Iterator[Finding]:
    held: dict[Unit, int] = {}
    unknown: dict[Unit, int] = {}
    for standing in store.records.accounts():
        unit = standing.account.unit
        held[unit] = held.get(unit, 0) + standing.held
        unknown[unit] = unknown.get(unit, 0) + standing.unknown
    if any(held.values()):
        yield Finding(part="holds", state=State.GOOD, said=f"held by calls in flight, over all accounts: {_sums(held)}")
    if any(unknown.values()):
        newest = [call for call in store.records.recent(limit=3, outcome="unknown") if call.open]
        which = f", like {', '.join(show('call', call.id) for call in newest)}" if newest else ""
        said = f"outcomes that nobody knows, over all accounts: {_sums(unknown)}{which}"
        do = "they count as spent until a policy charges them; `farthing calls settle CALL` if you know better"
        yield Finding(part="holds", state=State.NOTE, said=said, do=do)
    if not any(held.values()) and not any(unknown.values()):
        yield Finding(part="holds", state=State.GOOD, said="nothing is open")


def _gates(store: Store) -> Iterator[Finding]:
    for gate in store.directory.load().gates:
        call = show("call", call_of(gate.attempt))
        said = f"{gate.name} is refused under hard budgets since {moment(gate.at_ms)}: {gate.detail} ({call})"
        do = f"ask the provider, then `farthing budgets acknowledge {gate.name}`"
        yield Finding(part="gates", state=State.BAD, said=said, do=do)


def _sums(amounts: dict[Unit, int]) -> str:
    return ", ".join(amount(unit, total) for unit, total in amounts.items() if total)
