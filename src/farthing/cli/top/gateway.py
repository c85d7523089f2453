"""Frames of `farthing top` from a running gateway's admin side."""

import http.client
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from farthing.cli.commands import UNAVAILABLE, Said
from farthing.cli.top.frame import (
    BUSY_BY,
    CALLS,
    AlertLine,
    BudgetLine,
    Busy,
    CallLine,
    Frame,
    Spend,
    busiest,
    midnight,
)
from farthing.cli.top.store import MOST_ALERTS, who
from farthing.domain.budget import Unit
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.money import NANOS_PER_USD

SECONDS = 10.0
"""How long one question may take."""
ADMIN = "/farthing/v1"

T = TypeVar("T")


class _Usage(msgspec.Struct):
    input_tokens: int
    output_tokens: int


class _Row(msgspec.Struct, kw_only=True):
    group: dict[str, str] = {}
    calls: int
    refused: int
    open: int
    usage: _Usage
    cost_usd: str


class _Report(msgspec.Struct):
    rows: tuple[_Row, ...]


class _Account(msgspec.Struct):
    value: str
    window: str
    unit: Unit
    limit: str
    spent: str
    reserved: str


class _Budget(msgspec.Struct):
    name: str
    accounts: tuple[_Account, ...]


class _Budgets(msgspec.Struct):
    budgets: tuple[_Budget, ...]


class _Call(msgspec.Struct):
    id: str
    arrived_at: datetime
    labels: dict[str, str]
    model: str
    outcome: str
    code: str
    input_tokens: int
    output_tokens: int
    cost_usd: str
    open: int


class _Calls(msgspec.Struct):
    calls: tuple[_Call, ...]


class _Alert(msgspec.Struct):
    at: datetime
    title: str


class _Alerts(msgspec.Struct):
    alerts: tuple[_Alert, ...]


class GatewayFeed:
    """Asks one gateway, again and again. Raises LedgerUnavailable while it does not answer, and Said where it says no."""

    def __init__(self, url: str, key: str, clock: Callable[[], int]) -> None:
        """`key` has the right `admin`; "" where the gateway needs none. Raises Said for what is no address."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Said(f"{url!r} is no address of a gateway; write --url http://127.0.0.1:4141", UNAVAILABLE)
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._headers = {"authorization": f"Bearer {key}"} if key else {}
        self._source = f"{parts.scheme}://{parts.netloc}"
        self._clock = clock

    def read(self) -> Frame:
        now_ms = self._clock()
        rows = self._ask(f"/reports/usage?by={','.join(BUSY_BY)}&since=1h", _Report).rows
        calls = self._ask(f"/calls?limit={CALLS}", _Calls).calls
        alerts = self._ask(f"/alerts?firing=true&limit={MOST_ALERTS}", _Alerts).alerts
        return Frame(
            at_ms=now_ms,
            source=self._source,
            now=self._since("5m"),
            hour=_spend(rows),
            today=self._since(_moment(midnight(now_ms))),
            budgets=self._budgets(),
            busy={group: busiest(list(_busy(rows, group))) for group in BUSY_BY},
            calls=tuple(map(_line, calls)),
            alerts=tuple(AlertLine(at_ms=_ms(alert.at), title=alert.title) for alert in alerts),
        )

    def _since(self, since: str) -> Spend:
        return _spend(self._ask(f"/reports/usage?by=outcome&since={quote(since)}", _Report).rows)

    def _budgets(self) -> tuple[BudgetLine, ...]:
        lines = (
            BudgetLine(
                name=budget.name,
                value=account.value or account.window.removeprefix("run:") * account.window.startswith("run:"),
                unit=account.unit,
                limit=_amount(account.unit, account.limit),
                spent=_amount(account.unit, account.spent),
                held=_amount(account.unit, account.reserved),
            )
            for budget in self._ask("/budgets", _Budgets).budgets
            for account in budget.accounts
        )
        return tuple(sorted(lines, key=lambda line: -line.used_millionths))

    def _ask(self, path: str, kind: type[T]) -> T:
        connect = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = connect(self._host, self._port, timeout=SECONDS)
        try:
            connection.request("GET", ADMIN + path, headers=self._headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise LedgerUnavailable(f"{self._source} does not answer ({str(error) or type(error).__name__})") from error
        finally:
            connection.close()
        return self._read(answer.status, body, kind)

    def _read(self, status: int, body: bytes, kind: type[T]) -> T:
        if status in (401, 403):
            raise Said(
                f"{self._source} wants a key with the right admin: name it with --key or FARTHING_KEY", UNAVAILABLE
            )
        if status != 200:
            raise LedgerUnavailable(f"{self._source} answers {status}")
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.DecodeError as error:
            raise Said(f"{self._source} is no gateway of this version: {error}", UNAVAILABLE) from error


def _spend(rows: tuple[_Row, ...]) -> Spend:
    return Spend(
        nanos=sum(_amount(Unit.USD, row.cost_usd) for row in rows),
        calls=sum(row.calls for row in rows),
        refused=sum(row.refused for row in rows),
        open=sum(row.open for row in rows),
    )


def _busy(rows: tuple[_Row, ...], group: str) -> Iterator[tuple[str, Busy]]:
    for row in rows:
        name, tokens = row.group[group], row.usage.input_tokens + row.usage.output_tokens
        yield name, Busy(name=name, calls=row.calls, tokens=tokens, nanos=_amount(Unit.USD, row.cost_usd))


def _line(call: _Call) -> CallLine:
    return CallLine(
        id=call.id,
        arrived_ms=_ms(call.arrived_at),
        model=call.model,
        outcome=call.code or call.outcome,
        who=who(tuple(call.labels.items())),
        tokens=call.input_tokens + call.output_tokens,
        nanos=_amount(Unit.USD, call.cost_usd),
        open=call.open,
    )


def _amount(unit: Unit, text: str) -> int:
    """A decimal string in the unit's base, exactly."""
    return int(Decimal(text) * NANOS_PER_USD) if unit.currency else int(text)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000).astimezone().isoformat(timespec="seconds")
