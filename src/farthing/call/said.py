"""What we tell the client beside the provider's answer: the contract's headers, and the note in a stream."""

from functools import lru_cache

from farthing.call.arrival import Arrival
from farthing.call.holding import Holding
from farthing.domain.budget import Unit
from farthing.domain.ids import show
from farthing.domain.money import PICOS_PER_NANO, usd
from farthing.domain.refusal import Refusal
from farthing.output.cap import told
from farthing.wire.dialect import Note

Headers = list[tuple[bytes, bytes]]

_NOT_PASSED_ON = frozenset(
    (
        b"content-length",
        b"connection",
        b"keep-alive",
        b"transfer-encoding",
        b"set-cookie",
        b"server",
        b"date",
        b"alt-svc",
    )
)
TOO_MANY = 429
_LONGEST = 256
_PRINTABLE = bytes(code if 0x20 <= code != 0x7F else ord("?") for code in range(256))
_MOST_REMEMBERED = 1_024
_DOLLARS = Unit.USD
"""By itself, because every answer asks."""


def call_id(arrival: Arrival) -> str:
    return show("call", arrival.id)


def always(arrival: Arrival, model: str) -> Headers:
    """Headers that every answer carries."""
    return [
        (b"x-farthing-call-id", b"call_%016x" % arrival.id),  # as `show` writes it
        (b"x-farthing-model", _remembered(model) if len(model) <= _LONGEST else _in_header(model)),
        (b"x-farthing-cache", b"off"),
    ]


def _in_header(text: str) -> bytes:
    """A caller's word as the value of a header: no second line, no control character, no great length."""
    return text[:_LONGEST].encode("latin-1", "replace").translate(_PRINTABLE)


_remembered = lru_cache(_MOST_REMEMBERED)(_in_header)
"""The same, for names that are worth keeping: callers choose them."""


def funded(holding: Holding) -> Headers:
    """Headers of an answer that was paid for, or will be; with what it cost, where that is already known."""
    plan, reserved, cost = holding.plan, holding.reserved, holding.cost_nanos
    headers = always(plan.arrival, plan.model)
    cap = told(reserved.cap, clamped=reserved.clamped, origin=plan.wanted.origin)
    if cap is not None and reserved.cap > 0:
        headers.append((b"x-farthing-output-cap", cap))
    if plan.flags:
        headers.append((b"x-farthing-acts", ", ".join(plan.flags).encode()))
    remaining = remaining_usd(holding)
    if remaining is not None:
        headers.append((b"x-farthing-budget-remaining-usd", remaining.encode()))
    if cost is not None:
        headers.append((b"x-farthing-cost-usd", usd(cost).encode()))
    return headers


def remaining_usd(holding: Holding) -> str | None:
    """What the tightest budget of money has left after this call, in dollars; None where no such budget holds it.

    Never more than was left when its hold was made, given back what the hold held beyond the cost.
    """
    reserved = holding.reserved
    tightest = reserved.tightest
    if tightest is None or (then := tightest.left) is None:
        return None
    account, cost = tightest.account, holding.cost_nanos
    times = over = 1  # what turns nano-dollars into the account's own base
    if account.unit is not _DOLLARS:
        times, over = holding.plan.terms.fraction_of(account)
        times *= PICOS_PER_NANO
    back = 0 if cost is None else reserved.held_on(account) + -cost * times // over
    now, left = holding.desk.ledger.left(account), then + back
    if now is not None and (now := now + back if back > 0 else now) < left:
        left = now
    return usd(left * over // times)


def note(holding: Holding) -> Note:
    """What a stream carries in its usage event."""
    cost = holding.cost_nanos
    return Note(
        call_id=call_id(holding.plan.arrival),
        cost_usd=None if cost is None else usd(cost),
        remaining_usd=remaining_usd(holding),
    )


def passed_on(headers: Headers) -> Headers:
    """The provider's headers that the client gets: not those of the hop, nor anything that looks like ours."""
    try:
        return [pair for pair in headers if _passes[pair[0]]]
    except KeyError:  # a name that is new
        return [pair for pair in headers if _passes_on(pair[0])]


def _passes_on(name: bytes) -> bool:
    if len(_passes) >= _MOST_REMEMBERED:
        _passes.clear()
    passes = _passes[name] = name not in _NOT_PASSED_ON and not name.startswith(b"x-farthing-")
    return passes


_passes: dict[bytes, bool] = {}
"""By a header's name in lower case. Providers choose names, so the memory is bounded."""


def refused(arrival: Arrival, refusal: Refusal) -> tuple[int, Headers, bytes]:
    """A refusal as status, headers and body in the caller's dialect: final, unless it is of a rate that reopens."""
    body = arrival.dialect.refusal(refusal)
    status = 400 if arrival.code_for_codex and refusal.status == 402 else refusal.status
    headers = [
        *always(arrival, arrival.draft.asked.model),
        (b"x-farthing-cost-usd", b"0"),
        (b"content-type", b"application/json"),
    ]
    if refusal.status != TOO_MANY:  # a rate that reopens is the client's own to come back for
        headers.append((b"x-should-retry", b"false"))
    standing = refusal.standing
    if standing is not None and standing.account.unit is Unit.USD and standing.left is not None:
        headers.append((b"x-farthing-budget-remaining-usd", usd(standing.left).encode()))
    if refusal.approval:
        headers.append((b"x-farthing-approval", refusal.approval.encode()))
    if refusal.retry_after_seconds is not None:
        headers.append((b"retry-after", b"%d" % refusal.retry_after_seconds))
    return status, headers, body
