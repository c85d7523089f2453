"""A store with a little history, written through the ledger: a call that was paid, one refused, one nobody knows."""

from pathlib import Path

from farthing.budgets.hold import charges
from farthing.domain.budget import AccountKey, Budget, Unit
from farthing.domain.hold import Loss, Reserve, Reserved, Settlement, Spent
from farthing.domain.ids import Mint, attempt_id, show
from farthing.domain.price import Cost
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import cost
from farthing.pricing.worst import Bound, worst
from farthing.stores.sqlite.ledger import SqliteLedger, wall_ms

BOOK = PriceBook.load()
MODEL = "gpt-4o-mini"
CARD = BOOK.find(MODEL, "openai", at_ms=wall_ms())
USAGE = Usage(input_tokens=1_200, cache_read_input_tokens=1_024, output_tokens=77)
PAID = cost(CARD, USAGE)
assert isinstance(PAID, Cost)
LIMIT = Budget(name="all", limits=((Unit.USD, 1_000_000_000), (Unit.CALLS, 10)))


class FilledStore:
    """The file and the ids of its calls as people see them."""

    def __init__(self, path: Path, paid: int, refused: int, unknown: int) -> None:
        self.path = path
        self.paid, self.refused, self.unknown = (show("call", number) for number in (paid, refused, unknown))


def fill(path: Path, *, in_flight: bool = False) -> FilledStore:
    """Make the store. With `in_flight` the unknown call is left as it is when its process dies."""
    now = wall_ms()
    ledger = SqliteLedger.open(path, what="filling")
    ledger.adopt([LIMIT], ())
    mint = Mint(ledger.slot)
    paid, refused, unknown = mint(now), mint(now), mint(now)
    try:
        _reserve(ledger, paid, now)
        ledger.settle(
            Settlement(
                attempt=attempt_id(paid, 1),
                spent=Spent(picos=PAID.picos, input_tokens=USAGE.input_tokens, output_tokens=USAGE.output_tokens),
                usage=USAGE,
                cost_nanos=PAID.nanos,
                remainder_picos=PAID.remainder_picos,
                served_model=f"{MODEL}-2024-07-18",
                flags=("cut_by_cap",),
                settled_ms=now,
                closing=_closing(paid, "paid", now),
            )
        )
        ledger.refuse(_opening(refused, now), _closing(refused, "refused", now, status=402, code="budget_exceeded"))
        _reserve(ledger, unknown, now)
        if not in_flight:
            ledger.lose(
                Loss(
                    attempt=attempt_id(unknown, 1),
                    seen=Spent(picos=1_000, input_tokens=5),
                    due_ms=now + 600_000,
                    reason="the connection was reset",
                    closing=_closing(unknown, "unknown", now, status=502),
                )
            )
        ledger.flush_blocking()
    finally:
        ledger.close_now()
    return FilledStore(path, paid, refused, unknown)


def _reserve(ledger: SqliteLedger, call: int, now: int) -> None:
    most = worst(CARD, input_tokens=1_300)
    assert isinstance(most, Bound)
    accounts = tuple(
        (AccountKey("all", "", unit, "lifetime"), 0, 1, 1_000 if unit.currency else 1) for unit, _ in LIMIT.limits
    )
    held = charges(
        accounts,
        base_picos=most.base_picos,
        slope_picos=most.slope_picos,
        input_tokens=1_300,
        extra_output_tokens=0,
        choices=1,
    )
    opening = AttemptOpening(
        id=attempt_id(call, 1),
        call_id=call,
        ordinal=1,
        provider="openai",
        model=MODEL,
        book=BOOK.hash,
        bound="exact",
        input_bound=1_300,
        text_bytes=5_000,
        opened_ms=now,
    )
    ask = Reserve(opening=opening, call=_opening(call, now), charges=held, cap=1_000, floor=256)
    assert isinstance(ledger.reserve_blocking(ask), Reserved)


def _opening(call: int, now: int) -> CallOpening:
    return CallOpening(
        id=call,
        arrived_ms=now,
        labels=(("team", "a"), ("user", "bob")),
        dialect="openai-chat",
        route="/chat/completions",
        model=MODEL,
        skeleton=b'{"messages":[["user","e632adb1861858f4",6,[],""]]}',
    )


def _closing(call: int, outcome: str, now: int, *, status: int = 200, code: str = "") -> CallClosing:
    return CallClosing(id=call, outcome=outcome, status=status, finished_ms=now + 40, code=code)
