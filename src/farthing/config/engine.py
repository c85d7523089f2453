"""The wired engine: one ledger, one set of providers, one set of rules; what every call is handed as its desk."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any

from farthing.call.desk import Limits
from farthing.call.guards import Guards
from farthing.call.nearing import Nearing
from farthing.call.rules import Rules
from farthing.call.stages import ContextOf, ExactCount, Need, ProviderCount
from farthing.call.tool_deadlines import ToolDeadlines
from farthing.config.alerting import Alerting
from farthing.config.approving import Approving
from farthing.config.auditing import Auditing, ages_of
from farthing.config.content import Texts
from farthing.config.landings import KeptLandings
from farthing.config.settings import Settings
from farthing.config.store import Opened
from farthing.config.telemetry import Telemetry
from farthing.domain.errors import BadRequest, LedgerUnavailable, NotSent, UpstreamFailed
from farthing.domain.hold import Declined, Reserve, Reserved, Short
from farthing.domain.key import Key
from farthing.guard.providers import Providers
from farthing.ports.alerts import Event
from farthing.ports.client import Client
from farthing.ports.upstream import Outbound, Upstream
from farthing.tokens.exact import exact_count
from farthing.tokens.ratio import Ratios
from farthing.wire.dialect import Countable

log = logging.getLogger("farthing.gateway")

PROVIDER_COUNT_SECONDS = 0.3
REFRESH_AGAIN_SECONDS = 0.5
OFF_LOOP_BYTES = 64 * 1024
"""Texts longer than this are counted in a thread, so that one long prompt delays no other call."""


def wall_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Engine:
    """call.desk.Desk, and what the doors need beside it. `rules` and `keys` are swapped whole on reload."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Opened,
        rules: Rules,
        keys: Mapping[str, Key],
        upstreams: dict[str, Upstream],
        clock: Callable[[], int] = wall_ms,
        limits: Limits | None = None,
        alerting: Alerting,
    ) -> None:
        self.settings = settings
        self.alerting = alerting
        self.store = store
        self.ledger = store.ledger
        self.directory = store.directory
        self.records = store.records
        self.history = store.history
        self.outcomes = store.outcomes
        self.audit = store.audit
        self.auditing = Auditing(store.audit, lambda: ages_of(self.settings), clock)
        self.mint = store.mint
        self.skeleton_key = store.skeleton_key
        self.rules = rules
        self.keys = keys
        self.upstreams = upstreams
        self.retired: list[Upstream] = []
        """Doors of earlier configurations, open for the calls that still use them."""
        self._closing: set[asyncio.Task[None]] = set()
        self.now_ms = clock
        self.texts = Texts(settings, clock)
        self.limits = limits or Limits()
        self.ratios = Ratios()
        self.approvals = Approving(store.approvals, mint=store.mint, clock=clock, notice=self.notice)
        self.draining = 0
        self.tool_deadlines = ToolDeadlines(self)
        self.guards: Guards | None = None
        self.health = Providers()
        self.nearing = Nearing()
        self.kept_landings = KeptLandings(store.guards)
        self.nearing.landings.keep = self.kept_landings.keep
        self.nearing.landings.give_back = self.kept_landings.give_back
        self.refresh: Callable[[], Coroutine[Any, Any, None]] | None = None
        """Takes up what changed in the store; set by whoever built this engine."""
        self.changing = asyncio.Lock()
        """Held while rules are replaced, by a refresh or a reload."""
        self.telemetry = Telemetry(self)
        self._stale = False
        self._refreshing: asyncio.Task[None] | None = None
        self._resting = False

    def refresh_soon(self) -> None:
        """The store says that keys, budgets, grants or gates changed."""
        if self._resting:
            return
        self._stale = True
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.ensure_future(self._catch_up())

    async def take_up(self) -> None:
        """What was just changed in the store is in force when this returns. Raises LedgerUnavailable."""
        if self.refresh is not None:
            await self.refresh()

    def notice(self, event: Event) -> None:
        """Something happened that somebody may want to be told: a loop, a suspension. Returns at once; the disk waits."""
        self.alerting.notices.add(event)

    def retire(self, upstreams: Iterable[Upstream], after_seconds: float) -> None:
        """Close these doors, which no new call goes through, when the last call behind them must be over."""
        old = tuple(upstreams)
        self.retired.extend(old)
        closing = asyncio.ensure_future(self._close_later(old, after_seconds))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _close_later(self, upstreams: tuple[Upstream, ...], after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        for upstream in upstreams:
            await upstream.close()
            self.retired.remove(upstream)

    async def rest(self) -> None:
        """Stop taking up changes, and leave what is still to be closed to whoever shuts this engine."""
        self._resting = True  # what is still written below tells of a change that nobody will need
        tasks = [*self._closing, *([self._refreshing] if self._refreshing is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.kept_landings.rest()

    async def _catch_up(self) -> None:
        """Refresh until nothing newer is known of; a store that cannot be read now is read again a little later."""
        while self._stale:
            self._stale = False
            try:
                await self.take_up()
            except LedgerUnavailable as error:
                log.warning("changes in the store are not in force yet: %s", error)
                self._stale = True
                await self.pause(REFRESH_AGAIN_SECONDS)

    def upstream_of(self, provider: str) -> Upstream:
        found = self.upstreams.get(provider)
        if found is None:
            raise NotSent(f"the provider {provider!r} was taken out of the configuration")
        return found

    async def answer(self, need: Need) -> int | None:
        match need:
            case ExactCount():
                draft = need.draft
                count = partial(exact_count, draft.texts(), need.facts, apart=draft.template_tokens() is not None)
                return count() if draft.asked.text_bytes < OFF_LOOP_BYTES else await asyncio.to_thread(count)
            case ProviderCount():
                return await self._provider_count(need)
            case ContextOf():
                return await asyncio.to_thread(self.records.context_of, need.tenant, need.response_id)

    async def while_here(self, client: Client, ask: Reserve) -> Reserved | Short | Declined | None:
        left = getattr(client, "left", None)
        if left is None:
            return await self.ledger.reserve(ask)
        reserving = asyncio.ensure_future(self.ledger.reserve(ask))
        leaving = asyncio.ensure_future(left())
        try:
            await asyncio.wait((reserving, leaving), return_when=asyncio.FIRST_COMPLETED)
            return reserving.result() if reserving.done() else None
        finally:  # cancelling a reserve withdraws it, and voids it if it was granted meanwhile
            reserving.cancel()
            leaving.cancel()
            await asyncio.wait((reserving, leaving))

    def later(self, seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, do)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _provider_count(self, need: ProviderCount) -> int | None:
        """The provider's own free count, where its dialect has one: bills nothing, so it needs no hold."""
        plan = need.plan
        draft = plan.arrival.draft
        if not isinstance(draft, Countable):
            return None
        provider = plan.provider
        path, asking = draft.count_request(model=plan.model, path=plan.arrival.path)
        set_here = {name for name, _ in provider.headers}
        request = Outbound(
            origin=provider.origin,
            target=provider.base_path + path,
            headers=(
                *provider.headers,
                *(() if provider.has_credential else plan.arrival.credential),
                *[pair for pair in plan.arrival.headers if pair[0] not in set_here],
            ),
            body=asking,
        )
        try:
            async with asyncio.timeout(PROVIDER_COUNT_SECONDS):
                answer = await self.upstream_of(provider.name).send(request)
                body = await answer.read_all(64 * 1024)
        except (TimeoutError, UpstreamFailed, BadRequest):
            return None
        return draft.counted(body) if answer.status == 200 else None
