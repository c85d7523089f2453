"""Budgets that a gateway counts: FARTHING_STORE is its address, and FARTHING_KEY the key to it."""

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

import msgspec

from farthing.accounts.run_view import RunReceiptView
from farthing.domain.budget import Budget, Unit
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.money import NANOS_PER_USD, usd
from farthing.domain.refusal import amount_text
from farthing.sdk.amounts import Amounts
from farthing.sdk.backing import Opened
from farthing.sdk.errors import Misused

KEY = "FARTHING_KEY"
ANSWER_SECONDS = 30.0
MOST_BYTES = 32 * 1024 * 1024
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


def is_address(store: str) -> bool:
    """Whether a store is a gateway."""
    return store.startswith(("http://", "https://"))


def is_loopback(host: str) -> bool:
    return host.strip("[]") in _LOOPBACK


class RemoteBacking:
    """`farthing.sdk.backing.Backing` by a gateway. What it cannot do raises Misused with the gateway's own words."""

    in_memory = False

    def __init__(self, store: str) -> None:
        self.store = store.rstrip("/")

    def open(self, opened: Opened) -> None:
        rules = {"run": opened.run, "labels": dict(opened.labels), **_rules(opened.budget)}
        self._ask("PUT", _place(opened), {**rules, "keeps": opened.keeps})

    def close(self, opened: Opened) -> None:
        if not opened.keeps:
            self._ask("DELETE", _place(opened))

    def left(self, opened: Opened) -> Mapping[Unit, int | None]:
        shown = self._show(opened)["accounts"]
        return {unit: _base(unit, shown[unit.value]["left"]) for unit, _ in opened.budget.limits}

    def spent(self, opened: Opened) -> Amounts:
        spent = self._show(opened)["spent"]
        return Amounts(Decimal(spent["usd"]), int(spent["tokens"]), int(spent["calls"]))

    def judge(self, run: str, *, success: bool, score: float | None, note: str) -> None:
        self._ask("POST", "/outcomes", {"run": run, "success": success, "score": score, "note": note})

    def book(self, run: str, nanos: int, *, kind: str, note: str, once: str) -> bool:
        body = {"run": run, "usd": usd(nanos), "kind": kind, "note": note, "once": once}
        return bool(self._ask("POST", "/outcomes/costs", body)["booked"])

    def receipt(self, opened: Opened) -> RunReceiptView:
        found = self._ask("GET", f"{_place(opened)}/receipt?run={quote(opened.run, safe='')}")
        return msgspec.convert(found, RunReceiptView)

    def _show(self, opened: Opened) -> dict[str, Any]:
        units = ",".join(unit.value for unit, _ in opened.budget.limits)
        window = quote(opened.budget.window, safe="")
        found: dict[str, Any] = self._ask("GET", f"{_place(opened)}?units={units}&window={window}")
        for unit, amount in opened.budget.limits:  # of a budget that was closed the gateway knows no limit any more
            account = found["accounts"][unit.value]
            if account["left"] is None:
                used = sum(_base(unit, account[part]) or 0 for part in ("spent", "reserved"))
                account["left"] = amount_text(unit, amount - used)
        return found

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        from urllib import request  # noqa: PLC0415 - `import farthing` loads nothing of the network

        headers = {"content-type": "application/json"}
        if key := os.environ.get(KEY):
            headers["authorization"] = f"Bearer {key}"
        data = None if body is None else json.dumps(body).encode()
        asked = request.Request(f"{self.store}/farthing/v1{path}", data=data, headers=headers, method=method)  # noqa: S310 - http or https: `is_address`
        try:
            with _opener(self.store).open(asked, timeout=ANSWER_SECONDS) as answer:
                return json.loads(answer.read(MOST_BYTES) or b"null")
        except OSError as error:
            self._fail(error)
        except ValueError as error:
            raise LedgerUnavailable(f"{self.store} does not answer like a gateway: {error}") from error

    def _fail(self, error: OSError) -> NoReturn:
        status = getattr(error, "code", 0)
        if 400 <= status < 500:
            raise Misused(f"the gateway at {self.store} says: {_words(error)}{_what_to_do(status)}") from error
        raise LedgerUnavailable(f"the gateway at {self.store} cannot be used now ({error})") from error


def _opener(store: str) -> Any:
    """No redirect is followed (a key would follow it), and this machine is never reached through a proxy."""
    from urllib import request  # noqa: PLC0415 - as above

    class Stays(request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    proxies: dict[str, str] | None = {} if is_loopback(urlsplit(store).hostname or "") else None
    return request.build_opener(Stays, request.ProxyHandler(proxies))


def _place(opened: Opened) -> str:
    return f"/run-budgets/{quote(opened.label, safe='')}/{quote(opened.name, safe='')}"


def _rules(budget: Budget) -> dict[str, object]:
    """The budget in the words of the admin side."""
    rules: dict[str, object] = {
        "limits": {unit.value: amount_text(unit, amount) for unit, amount in budget.limits},
        "window": budget.window,
        "wait_seconds": budget.wait_seconds,
        "bound": budget.bound,
    }
    if budget.per_call is not None:
        rules["per_call"] = amount_text(budget.money, budget.per_call)
    if budget.per_output is not None:
        rules["per_output"] = budget.per_output
    return rules


def _base(unit: Unit, amount: str | None) -> int | None:
    if amount is None:
        return None
    return int(Decimal(amount) * NANOS_PER_USD) if unit.currency else int(Decimal(amount))


def _words(error: Any) -> str:
    try:
        return str(json.loads(error.read(MOST_BYTES))["error"]["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return str(error)


def _what_to_do(status: int) -> str:
    if status not in (401, 403):
        return ""
    return f"; {KEY} must be a key with the right `runs` that may set `run` (farthing keys new … --right runs)"
