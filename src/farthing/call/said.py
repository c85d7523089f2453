"""What we tell the client beside the provider's answer: the contract's headers, and the note in a stream."""

from farthing.call.arrival import Arrival
from farthing.call.holding import Holding
from farthing.domain.budget import Unit
from farthing.domain.ids import show
from farthing.domain.money import usd
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
_LONGEST = 256
_PRINTABLE = bytes(code if 0x20 <= code != 0x7F else ord("?") for code in range(256))


def call_id(arrival: Arrival) -> str:
    return show("call", arrival.id)


def always(arrival: Arrival, model: str) -> Headers:
    """Headers that every answer carries."""
    return [
        (b"x-farthing-call-id", call_id(arrival).encode()),
        (b"x-farthing-model", _in_header(model)),
        (b"x-farthing-cache", b"off"),
    ]


def _in_header(text: str) -> bytes:
    """A caller's word as the value of a header: no second line, no control character, no great length."""
    return text[:_LONGEST].encode("latin-1", "replace").translate(_PRINTABLE)


def funded(holding: Holding) -> Headers:
    """Headers of an answer that was paid for, or will be."""
    plan = holding.plan
    headers = always(plan.arrival, plan.model)
    cap = told(holding.reserved.cap, clamped=holding.reserved.clamped, origin=plan.wanted.origin)
    if cap is not None and holding.reserved.cap > 0:
        headers.append((b"x-farthing-output-cap", cap))
    remaining = remaining_usd(holding)
    if remaining is not None:
        headers.append((b"x-farthing-budget-remaining-usd", remaining.encode()))
    return headers


def remaining_usd(holding: Holding) -> str | None:
    """What the tightest budget of money has left after this call, in dollars; None where no such budget holds it.

    Never more than was left when its hold was made, given back what the hold held beyond the cost.
    """
    tightest = holding.reserved.tightest
    if tightest is None or tightest.account.unit is not Unit.USD or tightest.limit is None:
        return None
    held = next((amount for key, amount in holding.reserved.held if key == tightest.account), 0)
    back = held - holding.cost_nanos if holding.cost_nanos is not None else 0
    left = (tightest.left or 0) + back
    now = holding.desk.ledger.standing(tightest.account)
    if now is not None and now.left is not None:
        left = min(left, now.left + max(back, 0))
    return usd(left)


def note(holding: Holding) -> Note:
    """What a stream carries in its usage event."""
    cost = holding.cost_nanos
    return Note(
        call_id=call_id(holding.plan.arrival),
        cost_usd=None if cost is None else usd(cost),
        remaining_usd=remaining_usd(holding),
    )


def passed_on(headers: list[tuple[bytes, bytes]]) -> Headers:
    """The provider's headers that the client gets: not those of the hop, nor anything that looks like ours."""
    return [pair for pair in headers if pair[0] not in _NOT_PASSED_ON and not pair[0].startswith(b"x-farthing-")]


def refused(arrival: Arrival, refusal: Refusal) -> tuple[int, Headers, bytes]:
    """A refusal as status, headers and body in the caller's dialect: final, and nothing a client retries."""
    body = arrival.dialect.refusal(refusal)
    status = 400 if arrival.code_for_codex and refusal.status == 402 else refusal.status
    headers = [
        *always(arrival, arrival.draft.asked.model),
        (b"x-farthing-cost-usd", b"0"),
        (b"content-type", b"application/json"),
        (b"x-should-retry", b"false"),
    ]
    standing = refusal.standing
    if standing is not None and standing.account.unit is Unit.USD and standing.left is not None:
        headers.append((b"x-farthing-budget-remaining-usd", usd(standing.left).encode()))
    if refusal.retry_after_seconds is not None:
        headers.append((b"retry-after", b"%d" % refusal.retry_after_seconds))
    return status, headers, body
