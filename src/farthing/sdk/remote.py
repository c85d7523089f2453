"""Budgets that a gateway counts: FARTHING_STORE is its address, and FARTHING_KEY the key to it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from farthing.accounts.run_view import RunReceiptView
from farthing.domain.budget import Budget, Unit
from farthing.domain.money import NANOS_PER_USD, usd
from farthing.domain.refusal import amount_text
from farthing.sdk import remote_beats
from farthing.sdk.amounts import Amounts
from farthing.sdk.backing import Opened
from farthing.sdk.remote_ask import ask
from farthing.sdk.remote_beats import beats_of


class RemoteBacking:
    """`farthing.sdk.backing.Backing` by a gateway. What it cannot do raises Misused with the gateway's own words."""

    in_memory = False
    home = None

    def __init__(self, store: str) -> None:
        self.store = store.rstrip("/")

    def open(self, opened: Opened) -> None:
        rules = {"run": opened.run, "labels": dict(opened.labels), "keeps": opened.keeps, **_rules(opened.budget)}
        if _is_announced(opened):
            rules["heartbeat_seconds"] = remote_beats.PROMISE_SECONDS
        self._ask("PUT", _place(opened), rules)
        if _is_announced(opened):
            beats_of(self.store).add(opened.name)

    def close(self, opened: Opened) -> None:
        if _is_announced(opened):
            beats_of(self.store).drop(opened.name)
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
        return ask(self.store, method, path, body)


def _is_announced(opened: Opened) -> bool:
    """Whether the gateway hears of the run's life: what keeps its window has none, and parts share that of their run."""
    return opened.label == "run" and not opened.keeps


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
