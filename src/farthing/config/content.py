"""Content recording wired: whose texts are kept, and where. Without `[record] content = "on"` there is nothing of it."""

import logging
from collections.abc import Callable

from farthing.config.settings import Settings
from farthing.config.store import path_of
from farthing.domain.errors import LedgerUnavailable
from farthing.ports.content import Contents
from farthing.stores.content_keeper import ContentKeeper, KeepRules
from farthing.stores.memory.content import MemoryContents
from farthing.stores.sqlite.content import SqliteContents, place_of

log = logging.getLogger("farthing.content")


class Texts:
    """Where texts are found, and what keeps new ones: None while the configuration says `off`."""

    def __init__(self, settings: Settings, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.contents = contents_of(settings)
        """What was kept may be read and deleted even after it was turned off."""
        self.keeper: ContentKeeper | None = None
        self.adopt(settings)

    def adopt(self, settings: Settings) -> None:
        """These settings hold for the calls that begin from now on."""
        rules = rules_of(settings)
        old = self.keeper
        if rules is not None and old is not None:
            old.adopt(rules)
            return
        self.keeper = None if rules is None else ContentKeeper(self.contents, rules, self._clock)
        if old is not None:
            old.close()

    def drop_old(self, settings: Settings) -> None:
        """Delete what is older than these settings say, whether or not more is kept. Blocking."""
        try:
            self.contents.drop_before(self._clock() - int(settings.record.content_for_seconds * 1_000))
        except LedgerUnavailable as error:
            log.warning("old texts are kept a little longer: %s", error)

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        if self.keeper is not None:
            self.keeper.close()
        self.contents.close()


def rules_of(settings: Settings) -> KeepRules | None:
    """What the configuration says of texts; None where none are kept."""
    record = settings.record
    if record.content == "off":
        return None
    return KeepRules(
        match=record.content_match,
        text_bytes=record.content_bytes,
        for_ms=int(record.content_for_seconds * 1_000),
        patterns=record.redact,
    )


def contents_of(settings: Settings) -> Contents:
    """Where the texts of this store lie; nothing is made before there is one."""
    path = path_of(settings)
    return MemoryContents() if path is None else SqliteContents(place_of(path))
