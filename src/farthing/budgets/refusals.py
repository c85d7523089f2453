"""A declined reserve as a refusal that says what happened, the numbers and what to do."""

import re
import shlex
from collections.abc import Sequence

import msgspec

from farthing.domain.budget import Standing, Unit
from farthing.domain.hold import Declined
from farthing.domain.refusal import Refusal, amount_text

RETRY_SECONDS = 5
"""What `Retry-After` says when the money is only held by calls in flight."""
_IN_CODE = re.compile(r"run(\.\d+)? ")
"""How the name of a budget begins that was made in code: with the label its calls go by (`farthing.sdk.terms`)."""
_OF_A_BLOCK = re.compile(r"run(?:\.\d+)? (.+-[0-9a-f]{12})")
"""One that ends with its block: the same before the name that the block has for itself, which no other has."""
_TOOL = "tool/"
"""How the gate of a tool begins."""
_BY_COMMAND = "farthing run "
"""How the name of a budget begins that was given to `farthing run`."""
_OPTIONS = {"usd": "--budget", "tokens": "--tokens", "calls": "--calls"}
_RUN = "run:"
"""How the name of a run's window begins."""


def declined(no: Declined, gate: str, renamed: Sequence[tuple[str, str]] = ()) -> Refusal:
    """Render the ledger's answer. `gate` is the `provider/model` that was asked; `renamed` are accounts and what their
    budgets are called now."""
    standing = _as_called_now(no.standing, renamed)
    if no.code == "provider_overran" or standing is None:
        return _overran(gate, standing)
    if no.code == "budget_reserved":
        return _reserved(standing)
    return Refusal(
        code="budget_exceeded",
        message=f"{_whose(standing)} cannot pay for this call: {_numbers(standing)}",
        what_to_do=_how_to_raise(standing)
        + (", wait for its next window" if standing.closes_ms else "")
        + (", or send a smaller request" if _smaller_helps(gate, standing) else ""),
        standing=standing,
    )


def _smaller_helps(gate: str, standing: Standing) -> bool:
    """A tool costs what it costs, and a call is a call."""
    return not gate.startswith(_TOOL) and standing.account.unit is not Unit.CALLS


def called(budget: str) -> str:
    """What whoever made it calls this budget: a block of code by its `run.name`, any other by its name."""
    block = _OF_A_BLOCK.fullmatch(budget)
    return block[1] if block else budget


def _as_called_now(standing: Standing | None, renamed: Sequence[tuple[str, str]]) -> Standing | None:
    name = None if standing is None else dict(renamed).get(standing.account.budget)
    if standing is None or name is None:
        return standing
    return msgspec.structs.replace(standing, account=standing.account._replace(budget=name))


def _overran(gate: str, standing: Standing | None) -> Refusal:
    return Refusal(
        code="provider_overran",
        message=f"{gate} billed more output than the cap it was sent, so hard budgets refuse it",
        what_to_do="check the call with `farthing calls ls --flag overran_cap`; "
        f"then `farthing budgets acknowledge {shlex.quote(gate)}`",
        standing=standing,
    )


def _reserved(standing: Standing) -> Refusal:
    """Either this budget's money is held, or calls that came first wait for money here or elsewhere."""
    held = standing.left is not None and standing.left < standing.needed
    why = "calls in flight hold it" if held else "calls that came first still wait for theirs"
    return Refusal(
        code="budget_reserved",
        message=f"{_whose(standing)} has the money, but {why}: {_numbers(standing)}",
        what_to_do="try again when they have finished, or send smaller output caps",
        standing=standing,
        retry_after_seconds=RETRY_SECONDS,
    )


def _whose(standing: Standing) -> str:
    account = standing.account
    return f"the budget {called(account.budget)!r}" + (f" of {account.value}" if account.value else "")


def _numbers(standing: Standing) -> str:
    """`it needs at least 0.9 USD, and 0.4 of 1 USD are spent (0.1 more are held by calls in flight)`."""
    unit = standing.account.unit
    word = unit.currency or unit.value.replace("_", " ")
    limit = "" if standing.limit is None else f" of {amount_text(unit, standing.limit)}"
    spent = f"{amount_text(unit, standing.posted + standing.unknown)}{limit} {word} are spent"
    beside = []
    if standing.unknown:
        beside.append(f"{amount_text(unit, standing.unknown)} of it by calls whose cost is not known yet")
    if standing.held:
        beside.append(f"{amount_text(unit, standing.held)} more are held by calls in flight")
    note = f" ({'; '.join(beside)})" if beside else ""
    needed = word.removesuffix("s") if standing.needed == 1 and not unit.currency else word
    return f"it needs at least {amount_text(unit, standing.needed)} {needed}, and {spent}{note}"


def _how_to_raise(standing: Standing) -> str:
    if _IN_CODE.match(standing.account.budget):
        return "give its `farthing.budget(…)` a higher limit"
    if standing.account.budget.startswith(_BY_COMMAND):
        return f"start it again with a higher `{_OPTIONS.get(standing.account.unit, '--budget')}`"
    return f"raise it with `{_raise_command(standing)}`"


def _raise_command(standing: Standing) -> str:
    """The command that raises this very account, ready to be typed but for the amount."""
    account = standing.account
    words = ["farthing", "budgets", "raise", shlex.quote(account.budget), "AMOUNT"]
    if account.value:
        words += ["--value", shlex.quote(account.value)]
    if account.window.startswith(_RUN):
        words += ["--run", shlex.quote(account.window.removeprefix(_RUN))]
    return " ".join(words)
