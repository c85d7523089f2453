"""Budgets as values: what is limited, for whom, over which window; and the accounts that count it."""

from enum import StrEnum
from typing import NamedTuple

import msgspec


class Unit(StrEnum):
    """What an account counts: money in billionths of its currency (nano-dollars), or plain counts.

    Currencies other than the dollar are units too, by their ISO 4217 code in lower case: `Unit("eur")` is always the
    same object, `Unit("eur").currency` is `"EUR"`.
    """

    USD = "usd"
    TOKENS = "tokens"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    CALLS = "calls"
    """Attempts that may have reached a provider: a retry counts, a voided attempt does not."""

    @classmethod
    def _missing_(cls, value: object) -> "Unit | None":
        if (
            not isinstance(value, str)
            or len(value) != 3
            or not (value.isascii() and value.isalpha() and value.islower())
        ):
            return None
        made = str.__new__(cls, value)
        made._name_, made._value_ = value.upper(), value
        return cls._value2member_map_.setdefault(value, made)  # type: ignore[return-value]  # a map of our own members

    @property
    def currency(self) -> str:
        """The currency's code in capitals; "" for a count."""
        return self._value_.upper() if len(self._value_) == 3 else ""


COUNTS = frozenset(unit for unit in Unit if not unit.currency)
"""Units that are not money."""


class Act(StrEnum):
    """What a budget does when it is used up to a threshold."""

    ALERT = "alert"
    COMPRESS = "compress"
    """Shorten the context, by the lever that `[context]` configures."""
    SHORTEN = "shorten"
    """Halve the output cap."""
    DOWNGRADE = "downgrade"
    """Use a cheaper model of the same dialect, of those that `[tiers]` names."""
    HINT = "hint"
    """Tell the model what is left."""
    LAND = "land"
    """Give each run one last call to finish with."""
    BLOCK = "block"
    APPROVE = "approve"
    """Ask a person before going on."""


class Threshold(msgspec.Struct, frozen=True):
    """A share of a limit, and what happens from there on."""

    at_millionths: int
    """800,000 is 80 % of the limit."""
    acts: tuple[Act, ...]

    def reached(self, spent: int, limit: int) -> bool:
        """Whether `spent` of `limit` (in one unit) is at the threshold or beyond it."""
        return spent * 1_000_000 >= limit * self.at_millionths


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A limit on some labels over a window. Amounts are in the unit's own base: nano-dollars or counts."""

    name: str
    match: tuple[tuple[str, str], ...] = ()
    """Labels a call must carry; the value may end in `*`. Empty matches every call."""
    each: str = ""
    """One such budget for each value of this label; "" for one in all."""
    limits: tuple[tuple[Unit, int], ...] = ()
    window: str = "lifetime"
    """`run hour day week month lifetime`, or `rolling:24h`."""
    tz: str = "UTC"
    hard: str = "block"
    """`block` or `approve`: calls that do not fit are refused. `off`: the budget only counts."""
    floor: int = 256
    """The fewest output tokens worth buying; a call whose own cap is smaller has that cap as its floor."""
    wait_seconds: float = 20.0
    unknown: str = "charge_hold"
    """What an unknown outcome is charged when nobody can say: `charge_hold` or `charge_seen`."""
    bound: str = "auto"
    """`strict` admits only on bytes and exact counts; `auto` may use a provider's count or a learned ratio."""
    soft: tuple[Threshold, ...] = ()
    """What happens before the limit, in rising order."""
    per_call: int | None = None
    """The most one call may cost, in billionths of `money`; None: as much as the budget has."""
    per_output: int | None = None
    """The most output tokens of one call, all its choices together."""
    approve_wait_seconds: float = 0.0
    """How long a call waits for an approval before it is refused with the approval's address."""
    land_output: int = 1_024
    """Output tokens kept back for a run's last answer, where `soft` lands runs."""
    money: Unit = Unit.USD
    """The currency that this budget's money is counted in."""
    was: str = ""
    """The name it had when it first counted: its accounts are still called that, so a rename carries all spending."""
    source: str = "file"
    """`file` or `store`: who may change it."""

    @property
    def account_name(self) -> str:
        """What its accounts are called."""
        return self.was or self.name

    @property
    def lands(self) -> bool:
        return any(Act.LAND in threshold.acts for threshold in self.soft)

    @property
    def enforced(self) -> bool:
        return self.hard != "off"

    def limit(self, unit: Unit) -> int | None:
        """The limit in this unit, or None where the budget has none."""
        return next((amount for its_unit, amount in self.limits if its_unit is unit), None)


NOBODY = "(none)"
"""The account of calls that carry no value for an `each` label."""
OTHERS = "(other)"
"""The account shared by the values beyond a key's `max_values`."""


class AccountKey(NamedTuple):
    """Names one account: a budget, one value of its `each` label, a unit, and one window. A new window is a new account."""

    budget: str
    value: str
    unit: Unit
    window: str
    """The window's own name: `lifetime`, `run:abc`, or its first moment like `2026-11-01T00:00+01:00/month`."""


class Window(NamedTuple):
    """One turn of a budget's window. Times are milliseconds since 1970; `closes_ms` 0 means never."""

    name: str
    opens_ms: int
    closes_ms: int


class Standing(msgspec.Struct, frozen=True):
    """How one account stands, in its unit's base."""

    account: AccountKey
    limit: int | None
    """None: counted, not limited."""
    posted: int
    held: int
    """Reserved by calls in flight."""
    unknown: int
    """Reserved by attempts whose outcome nobody knows yet; counts as spent."""
    needed: int = 0
    closes_ms: int = 0

    @property
    def left(self) -> int | None:
        """What a new call may still reserve."""
        return None if self.limit is None else self.limit - self.posted - self.held - self.unknown


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Money added to one account for its present window, beside the limit its budget names."""

    account: AccountKey
    amount: int
    by: str
    reason: str = ""
    at_ms: int = 0
