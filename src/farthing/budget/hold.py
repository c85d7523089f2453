"""How much to set aside: one attempt's worst case as a charge on every account it touches."""

from farthing.budget.match import Touch
from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Charge
from farthing.domain.money import PICOS_PER_NANO

Line = tuple[AccountKey, int]
"""An account and when its window closes."""

_lines_of: dict[int, tuple[tuple[Touch, ...], tuple[Line, ...]]] = {}
_MOST_REMEMBERED = 20_000


def lines(touches: tuple[Touch, ...]) -> tuple[Line, ...]:
    """Every account under these budgets: one for each limited unit in each window.

    Remembered by identity, since the same caller touches the same accounts until a window closes.
    """
    known = _lines_of.get(id(touches))
    if known is not None and known[0] is touches:
        return known[1]
    made = tuple(
        (AccountKey(touch.budget.name, touch.value, unit, window.name), window.closes_ms)
        for touch in touches
        for unit, _ in touch.budget.limits
        for window in touch.windows
    )
    if len(_lines_of) >= _MOST_REMEMBERED:
        _lines_of.clear()
    _lines_of[id(touches)] = (touches, made)
    return made


def charges(
    accounts: tuple[Line, ...],
    *,
    base_picos: int,
    slope_picos: int,
    input_tokens: int,
    extra_output_tokens: int,
    choices: int,
) -> tuple[Charge, ...]:
    """The worst case of one attempt on each account, as a line over its output cap.

    `base_picos` is the money that the cap does not change, `slope_picos` what one more token of cap may cost (all
    choices together); `extra_output_tokens` are billed beside the cap (a predicted output).
    """
    made = []
    for account, closes_ms in accounts:
        match account.unit:
            case Unit.USD:
                made.append(Charge(account, base_picos, slope_picos, 1, PICOS_PER_NANO, closes_ms))
            case Unit.TOKENS:
                made.append(Charge(account, input_tokens + extra_output_tokens, choices, 1, 1, closes_ms))
            case Unit.INPUT_TOKENS:
                made.append(Charge(account, input_tokens, 0, 1, 1, closes_ms))
            case Unit.OUTPUT_TOKENS:
                made.append(Charge(account, extra_output_tokens, choices, 1, 1, closes_ms))
            case Unit.CALLS:
                made.append(Charge(account, 1, 0, 1, 1, closes_ms))
    return tuple(made)
