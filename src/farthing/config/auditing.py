"""The audit wired: what settings say of ages, seals and pseudonyms, and the work that keeps to it while the gateway serves."""

import asyncio
import hmac
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from farthing.audit.pseudonym import pseudonymised
from farthing.audit.retention import DAY_MS, caution, flaw
from farthing.audit.seal import can_sign_for_others
from farthing.config.problems import Problem
from farthing.config.settings import File
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.record import Labels
from farthing.ports.audit import Ages, Audit
from farthing.stores.sqlite.chain.seals import Sealing

log = logging.getLogger("farthing.audit")

LOOK_SECONDS = 600.0
"""How often it is looked whether a month is over or something is too old."""
BREATH_SECONDS = 0.05
"""Between two pieces of work, so that nobody who waits for the disk waits for long."""


def ages_of(settings: File) -> Ages:
    """How long what is kept."""
    retention = settings.record.retention
    return Ages(calls=retention.calls_ms, skeletons=retention.skeletons_ms, audit=settings.audit.keep_ms)


def sealing_of(settings: File) -> Sealing:
    """How seals are made."""
    audit = settings.audit
    seed = None if audit.key is None else bytes.fromhex(audit.key.reveal())
    return Sealing(seed=seed, to=Path(audit.seals_to) if audit.seals_to else None)


_PATHS = {
    "calls": ("record", "retention", "calls"),
    "skeletons": ("record", "retention", "skeletons"),
    "audit": ("audit", "keep"),
}


def audit_problems(settings: File) -> Iterator[Problem]:
    """What cannot be accepted."""
    ages = ages_of(settings)
    for name, path in _PATHS.items():
        if wrong := flaw(name, getattr(ages, name)):
            yield Problem(path, wrong)
    if settings.audit.key is not None and not can_sign_for_others():
        yield Problem(("audit", "key"), "needs Ed25519: pip install 'farthing[audit]'")
    to = settings.audit.seals_to
    if to and not (Path(to).is_dir() or Path(to).parent.is_dir()):
        yield Problem(("audit", "seals_to"), f"there is no directory {Path(to).parent}; make it first")


def audit_warnings(settings: File) -> Iterator[Problem]:
    """What deserves a look."""
    ages = ages_of(settings)
    for name, path in _PATHS.items():
        if doubt := caution(name, getattr(ages, name)):
            yield Problem(path, doubt)


def audit_lines(settings: File) -> Iterator[str]:
    """What holds, in words."""
    ages = ages_of(settings)
    yield f"calls are kept {_spoken(ages.calls)}, their skeletons {_spoken(ages.skeletons)}; what they came to stays"
    yield f"sealed segments of the chain are kept {_spoken(ages.audit)}, their seals for ever"
    if settings.audit.seals_to:
        yield f"every seal is written to {settings.audit.seals_to} as well"
    if settings.audit.pseudonymous:
        yield f"kept under pseudonyms: {', '.join(settings.audit.pseudonymous)}"


def pseudonym_key(installation: bytes) -> bytes:
    """What pseudonyms are made with, from the installation's own secret."""
    return hmac.digest(installation, b"farthing pseudonyms", "sha256")


@lru_cache(maxsize=4_096)
def under_pseudonyms(labels: Labels, names: tuple[str, ...], installation: bytes) -> Labels:
    """Labels as they are kept where `[audit] pseudonymous` names some of them. Remembered: callers repeat themselves."""
    return pseudonymised(labels, names, pseudonym_key(installation))


def _spoken(age_ms: int | None) -> str:
    return "for ever" if age_ms is None else f"{age_ms / DAY_MS:g} days"


class Auditing:
    """Seals the chain when a month is over, and drops what is too old, while the gateway serves."""

    def __init__(self, audit: Audit, ages: Callable[[], Ages], now_ms: Callable[[], int]) -> None:
        """`ages` is asked each time: a reload may change them."""
        self._audit = audit
        self._ages = ages
        self._now_ms = now_ms

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except (LedgerUnavailable, OSError, ValueError) as error:
                log.warning("the audit could not be tended now: %s", error)

    async def look(self) -> None:
        """Do all that is due. Raises LedgerUnavailable; OSError where a seal's copy cannot be written."""
        if await asyncio.to_thread(self._month_is_over):
            await asyncio.to_thread(self._audit.seal)
        while (await asyncio.to_thread(self._audit.prune, self._ages())).more:  # noqa: ASYNC110 - a breath, no event
            await asyncio.sleep(BREATH_SECONDS)

    def _month_is_over(self) -> bool:
        state = self._audit.state()
        sealed_ms = state.first_ms if state.last_seal is None else state.last_seal.body.sealed_ms
        return _month(sealed_ms) < _month(self._now_ms())


def _month(ms: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(ms / 1_000, UTC)
    return moment.year, moment.month
