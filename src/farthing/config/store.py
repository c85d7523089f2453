"""The store that settings name, opened: ledger, directory, records and what goes with them."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from farthing.config.auditing import sealing_of
from farthing.config.settings import Settings
from farthing.domain.errors import BadConfig
from farthing.domain.ids import Mint
from farthing.ports.alerts import Facts, Outbox
from farthing.ports.approvals import Approvals
from farthing.ports.audit import Audit
from farthing.ports.billing import Periods
from farthing.ports.claims import Claims
from farthing.ports.directory import Directory
from farthing.ports.guards import GuardStore
from farthing.ports.history import History
from farthing.ports.ledger import Ledger
from farthing.ports.outcomes import Outcomes
from farthing.ports.records import Records
from farthing.ports.trail import Trail
from farthing.stores.commit_times import CommitTimes
from farthing.stores.memory.alert_facts import MemoryFacts
from farthing.stores.memory.alerts import MemoryOutbox
from farthing.stores.memory.approvals import MemoryApprovals
from farthing.stores.memory.audit import MemoryAudit
from farthing.stores.memory.billing import MemoryPeriods
from farthing.stores.memory.claims import MemoryClaims
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.guards import MemoryGuards
from farthing.stores.memory.history import MemoryHistory
from farthing.stores.memory.ledger import MemoryLedger
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.memory.trail import MemoryTrail
from farthing.stores.sqlite.alert_facts import SqliteFacts
from farthing.stores.sqlite.alerts import SqliteOutbox
from farthing.stores.sqlite.approvals import SqliteApprovals
from farthing.stores.sqlite.audit import SqliteAudit
from farthing.stores.sqlite.billing import SqlitePeriods
from farthing.stores.sqlite.claims import SqliteClaims
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.guards import SqliteGuards
from farthing.stores.sqlite.history import MOST_UNSUMMED, SqliteHistory
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.outcomes import SqliteOutcomes
from farthing.stores.sqlite.records import SqliteRecords
from farthing.stores.sqlite.trail import SqliteTrail

MEMORY = "memory:"
SKELETON_KEY = "skeleton_key"
"""The installation's own secret: equal messages have equal digests here, and nowhere else."""
ALERT_SECRET = "alert_secret"  # noqa: S105 - the name it is kept under


class Opened(NamedTuple):
    """One store behind all its ports. `close` it when nothing uses it any more."""

    ledger: Ledger
    directory: Directory
    records: Records
    history: History
    outcomes: Outcomes
    claims: Claims
    mint: Mint
    skeleton_key: bytes
    outbox: Outbox
    facts: Facts
    guards: GuardStore
    approvals: Approvals
    periods: Periods
    trail: Trail
    audit: Audit
    commit_times: CommitTimes | None
    """How long the ledger's batches take; None where nothing is written."""
    alert_secret: str
    """Signs what webhooks receive; `farthing alerts secret` shows it."""
    close: Callable[[], None]


def path_of(settings: Settings) -> Path | None:
    """The file of an SQLite store; None for a store in memory. Raises BadConfig for any other."""
    url = settings.store.url
    if url == MEMORY:
        return None
    if not url.startswith("sqlite:///"):
        raise BadConfig(
            f"the store {url!r} is not active in this version; write sqlite:///farthing.db", field="store.url"
        )
    return Path(url.removeprefix("sqlite:///"))


def open_store(
    settings: Settings, *, what: str, clock: Callable[[], int], changed: Callable[[], None] | None = None
) -> Opened:
    """Open or make the store. `changed` is called, from any thread, when another process changed keys, budgets,
    grants or gates. Raises StoreBroken with what to do."""
    path = path_of(settings)
    if path is None:
        return _in_memory(clock)
    unknown_after_ms = int(settings.gateway.unknown_after_seconds * 1_000)
    ledger = SqliteLedger.open(
        path, clock=clock, what=what, unknown_after_ms=unknown_after_ms, on_directory_change=changed
    )
    try:
        directory = SqliteDirectory(path, now_ms=clock)
        records = SqliteRecords(path)
        history = SqliteHistory(path, now_ms=clock, most_unsummed=MOST_UNSUMMED)
        outcomes = SqliteOutcomes(path)
        claims = SqliteClaims(path)
        mint = Mint(ledger.slot, records.last_id())
        key = directory.secret(SKELETON_KEY, secrets.token_bytes(32))
        alert_secret = alert_secret_of(directory)
        outbox = SqliteOutbox(path)
        facts = SqliteFacts(path, now_ms=clock)
        guards = SqliteGuards(path, now_ms=clock, slot=lambda: ledger.slot)
        approvals = SqliteApprovals(path)
        periods = SqlitePeriods(path)
        trail = SqliteTrail(path)
        audit = SqliteAudit(path, now_ms=clock, sealing=sealing_of(settings))
    except BaseException:
        ledger.close_now()
        raise

    def close() -> None:
        guards.close()  # first: runs that live here move out while this process still owns its slot
        ledger.close_now()
        for each in (directory, records, history, outcomes, claims, outbox, facts, approvals, periods, trail):
            each.close()
        audit.close()

    return Opened(
        ledger=ledger,
        directory=directory,
        records=records,
        history=history,
        outcomes=outcomes,
        claims=claims,
        mint=mint,
        skeleton_key=key,
        outbox=outbox,
        facts=facts,
        guards=guards,
        approvals=approvals,
        periods=periods,
        trail=trail,
        audit=audit,
        commit_times=ledger.commit_times,
        alert_secret=alert_secret,
        close=close,
    )


def _in_memory(clock: Callable[[], int]) -> Opened:
    directory = MemoryDirectory(now_ms=clock)
    memory = MemoryLedger(clock=clock, directory=directory)
    claims = MemoryClaims(memory.records)
    outcomes = MemoryOutcomes(directory)
    history = MemoryHistory(memory.records, outcomes)
    guards = MemoryGuards(now_ms=clock)
    outbox = MemoryOutbox()
    return Opened(
        ledger=memory,
        directory=directory,
        records=memory.records,
        history=history,
        outcomes=outcomes,
        claims=claims,
        mint=Mint(0),
        skeleton_key=secrets.token_bytes(32),
        outbox=outbox,
        facts=MemoryFacts(memory.records, directory, outbox, history),
        guards=guards,
        approvals=MemoryApprovals(directory),
        periods=MemoryPeriods(directory),
        trail=MemoryTrail(memory.records),
        audit=MemoryAudit(directory.audit, guards.audit, now_ms=clock),
        commit_times=None,
        alert_secret=secrets.token_hex(32),
        close=lambda: None,
    )


def alert_secret_of(directory: Directory) -> str:
    """The secret that signs this installation's webhooks, as its owner hands it to receivers; made at first use."""
    return directory.secret(ALERT_SECRET, secrets.token_bytes(32)).hex()
