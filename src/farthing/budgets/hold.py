"""How much to set aside: one attempt's worst case as a charge on every account it touches."""

from farthing.budgets.terms import Line
from farthing.domain.budget import COUNTS, Unit
from farthing.domain.hold import Charge


def money_charges(accounts: tuple[Line, ...], base_picos: int, slope_picos: int) -> tuple[Charge, ...]:
    """As `charges`, where every account counts money, as nearly all do."""
    return tuple(
        [
            Charge(account, base_picos, slope_picos, times, over, closes_ms)
            for account, closes_ms, times, over in accounts
        ]
    )


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
    for account, closes_ms, times, over in accounts:
        unit = account.unit
        if unit not in COUNTS:
            made.append(Charge(account, base_picos, slope_picos, times, over, closes_ms))
            continue
        match unit:
            case Unit.TOKENS:
                made.append(Charge(account, input_tokens + extra_output_tokens, choices, 1, 1, closes_ms))
            case Unit.INPUT_TOKENS:
                made.append(Charge(account, input_tokens, 0, 1, 1, closes_ms))
            case Unit.OUTPUT_TOKENS:
                made.append(Charge(account, extra_output_tokens, choices, 1, 1, closes_ms))
            case Unit.CALLS:
                made.append(Charge(account, 1, 0, 1, 1, closes_ms))
    return tuple(made)
