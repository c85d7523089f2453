"""`[billing]` of `farthing.toml`: who bills whom, what bills are cut by, and how shared costs are divided."""

from typing import Annotated, Literal

import msgspec

from farthing.config import amounts, values
from farthing.config.values import LabelNames, Name, Patterns, Read
from farthing.domain.budget import Unit


class SharedCosts(msgspec.Struct, frozen=True, kw_only=True):
    """Calls without a team are always shared."""

    match: Patterns = ()
    """Calls with these labels are shared too, whoever made them."""
    by: Literal["none", "direct", "equal", "weights"] = "none"
    """By each team's own cost, in equal parts, by `weights`; or they stay by themselves."""
    weights: dict[str, int] = {}
    """Teams and whole numbers, for `by = "weights"`."""


class Billing(msgspec.Struct, frozen=True, kw_only=True):
    """Bills, exports and statements."""

    account: Name = "farthing"
    """Identifies the account in exports."""
    account_name: Name = "Farthing"
    issuer: Name = "Farthing"
    """Who sends the bill: the owner of this gateway."""
    team: Annotated[str, Read(values.label_name)] = "team"
    """The label that is billed."""
    labels: LabelNames = ("agent", "workflow")
    """Further labels that lines are cut by; `key` and `route` may be among them."""
    shared: SharedCosts = SharedCosts()
    currency: Annotated[Unit, Read(amounts.currency)] = Unit.USD
    """Of statements; exports are in dollars."""
