"""The plan of a call: where it goes, what it may cost at worst, and which budgets must agree."""

import msgspec

from farthing.budgets.hold import charges, money_charges
from farthing.budgets.terms import Terms
from farthing.budgets.thresholds import Reached
from farthing.call.arrival import Arrival, Provider
from farthing.call.visit import Visit
from farthing.domain.hold import Charge
from farthing.domain.model import ModelFacts
from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.record import Step
from farthing.output.cap import Wanted
from farthing.pricing.worst import Bound
from farthing.tokens.bound import InputBound

_NO_MONEY = Bound(0, 0)


class Plan(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything decided about a call before money is asked for. A stage returns a changed copy and says why."""

    arrival: Arrival
    provider: Provider
    model: str
    """As this provider is asked for it."""
    facts: ModelFacts
    card: PriceCard | Unpriced
    terms: Terms
    """What the budgets it touches say."""
    wait_ms: int
    """How long it may queue for money: by its budgets, within the client's own patience."""
    wanted: Wanted
    bound: InputBound
    worst: Bound | Unpriced
    """Unpriced: money cannot be bounded, and no enforced budget counts money here."""
    steps: tuple[Step, ...] = ()
    """What stages did to it, for its record."""
    visit: Visit | None = None
    """What the guards remember of the call; None where there are none."""
    flags: tuple[str, ...] = ()
    """What its record is counted by: `shortened`, `downgraded`, `hinted`, `landing`, …"""
    lands: bool = False
    """It is the last call of its run."""
    asks: tuple[Reached, ...] = ()
    """Thresholds that a person has to let it past before it may ask for money."""
    asks_until_ms: int = 0
    """When it stops waiting for a person; 0: nobody was asked yet."""

    def charges(self) -> tuple[Charge, ...]:
        """The worst case on every account, as lines over the output cap."""
        asked, worst, terms = self.arrival.draft.asked, self.worst, self.terms
        most = worst if isinstance(worst, Bound) else _NO_MONEY
        if terms.only_money:
            return money_charges(terms.accounts, most.base_picos, most.slope_picos)
        return charges(
            terms.accounts,
            base_picos=most.base_picos,
            slope_picos=most.slope_picos,
            input_tokens=self.bound.tokens,
            extra_output_tokens=asked.predicted_bytes * asked.choices,
            choices=asked.choices,
        )

    @property
    def most_output(self) -> int:
        """Output tokens beyond the cap of each choice that may rightly be billed."""
        asked = self.arrival.draft.asked
        return asked.predicted_bytes * asked.choices

    @property
    def gate(self) -> str:
        """What is refused after an overrun: the model by the book's name, so that another spelling is no way around."""
        card = self.card
        known = self.model if isinstance(card, Unpriced) or card.model.endswith("*") else card.model
        return f"{self.provider.name}/{known}"
