"""A `farthing run` that a program starts inside `with farthing.budget(…)`: it is charged to the budgets around it, too.

`run.environ` says which they are, and where they are counted. A gateway of ours on another store would let them through
unseen, so it works on theirs, or not at all.
"""

from collections.abc import Mapping

import msgspec

from farthing.cli.commands import BAD_CONFIG, Said
from farthing.domain.record import Labels
from farthing.sdk.engine import MEMORY, place_of
from farthing.sdk.errors import Misused
from farthing.sdk.remote_ask import is_address
from farthing.sdk.scope import RUN, STORE, inherited


class Joined(msgspec.Struct, frozen=True):
    """The budgets around a command."""

    labels: Labels = ()
    """What their calls carry."""
    store: str | None = None
    """The file in which they are counted; None where the base URLs lead to whoever counts them."""


def joined(environment: Mapping[str, str], wanted: str | None) -> Joined:
    """What this process was started in; `wanted` is the store that was named. Raises Said where its budgets could not be
    charged."""
    said = environment.get(RUN, "")
    try:
        labels = inherited()
    except Misused as error:
        raise Said(str(error), BAD_CONFIG) from error
    if "=" not in said:  # the name alone: of a run, or of the `farthing run` around this one
        return Joined(labels)
    store = environment.get(STORE) or MEMORY
    if store == MEMORY:
        raise Said(
            f"{RUN} names budgets around this command, and not where they are counted: set {STORE} too, as "
            "`run.environ` does",
            BAD_CONFIG,
        )
    if is_address(store):
        raise Said(
            f"the budgets around this command are counted by the gateway at {store}, and a gateway of its own would not "
            f"charge them: start the command by itself, with its base URL and key for that gateway",
            BAD_CONFIG,
        )
    place = place_of(store)
    if wanted is not None and place_of(wanted) != place:
        raise Said(
            f"the budgets around this command are counted in {place}, and a call is charged to all of its budgets or to "
            f"none: leave out --store",
            BAD_CONFIG,
        )
    return Joined(labels, place)


def check_known(around: Joined, secret: str) -> None:
    """Raises Said where calls would come without the key that has the labels of the budgets around them."""
    if around.store and not secret:
        raise Said(
            "the budgets around this command know its calls by the key of its run, so credentials of its own cannot pass "
            "through: put the provider's key into the environment",
            BAD_CONFIG,
        )


def outside(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for the command. The gateway charges the budgets around it, so the command itself must not: what it
    asks would be charged twice."""
    if "=" not in environment.get(RUN, ""):
        return dict(environment)
    return {name: value for name, value in environment.items() if name != STORE}
