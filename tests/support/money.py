"""Small asks, settlements and budgets for tests of the ledger. Money is nano-dollars; one output token costs a nano."""

from farthing.domain.budget import AccountKey, Budget, Unit
from farthing.domain.hold import Charge, Loss, Reserve, Settlement, Spent, Void
from farthing.domain.ids import attempt_id, call_of
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage

PICOS = 1_000


def key(budget: str = "b", unit: Unit = Unit.USD, *, value: str = "", window: str = "lifetime") -> AccountKey:
    return AccountKey(budget, value, unit, window)


def budget(name: str = "b", nanos: int | None = 1_000, **more) -> Budget:
    limits = () if nanos is None else ((Unit.USD, nanos),)
    return Budget(name=name, limits=more.pop("limits", limits), **more)


def charge(account: AccountKey, base: int, slope: int = 1) -> Charge:
    """`base` nanos (or a count) and `slope` more for each token of cap."""
    if account.unit is Unit.USD:
        return Charge(account, base * PICOS, slope * PICOS, 1, PICOS)
    return Charge(account, base, slope)


def opening(attempt: int) -> AttemptOpening:
    return AttemptOpening(
        id=attempt,
        call_id=call_of(attempt),
        ordinal=attempt - call_of(attempt),
        provider="openai",
        model="gpt-test",
        book="book",
        bound="bytes",
        input_bound=10,
        text_bytes=10,
        opened_ms=1,
    )


def call(number: int) -> CallOpening:
    return CallOpening(
        id=number << 4,
        arrived_ms=1,
        key="k",
        labels=(("team", "a"),),
        dialect="chat",
        route="/v1/chat/completions",
        model="gpt-test",
        skeleton=b"{}",
    )


def ask(number: int, *charges: Charge, cap: int = 0, floor: int | None = None, ordinal: int = 1, **more) -> Reserve:
    """The reserve of call `number`. Without `floor` it cannot be clamped."""
    return Reserve(
        opening=opening(attempt_id(number << 4, ordinal)),
        call=call(number) if ordinal == 1 else None,
        charges=charges,
        cap=cap,
        floor=cap if floor is None else floor,
        **more,
    )


def fixed(number: int, nanos: int, *budgets: str, **more) -> Reserve:
    """A reserve of a fixed amount on the lifetime accounts of these budgets (`b` if none is named)."""
    return ask(number, *(charge(key(name), nanos, 0) for name in budgets or ("b",)), **more)


def attempt(number: int, ordinal: int = 1) -> int:
    return attempt_id(number << 4, ordinal)


def spent(nanos: int, *, input_tokens: int = 0, output_tokens: int = 0, calls: int = 1) -> Spent:
    return Spent(picos=nanos * PICOS, input_tokens=input_tokens, output_tokens=output_tokens, calls=calls)


def settlement(number: int, nanos: int, *, ordinal: int = 1, **more) -> Settlement:
    return Settlement(
        attempt=attempt(number, ordinal),
        spent=more.pop("spent", spent(nanos)),
        usage=more.pop("usage", Usage(input_tokens=3, output_tokens=4)),
        cost_nanos=more.pop("cost_nanos", nanos),
        settled_ms=5,
        **more,
    )


def void(number: int, *, ordinal: int = 1, **more) -> Void:
    return Void(attempt=attempt(number, ordinal), reason="refused", at_ms=5, **more)


def loss(number: int, nanos: int = 0, *, ordinal: int = 1, due_ms: int = 10**15, **more) -> Loss:
    return Loss(attempt=attempt(number, ordinal), seen=spent(nanos), due_ms=due_ms, reason="reset", **more)


def closing(number: int, outcome: str = "paid") -> CallClosing:
    return CallClosing(id=number << 4, outcome=outcome, status=200, finished_ms=9, first_byte_ms=3)
