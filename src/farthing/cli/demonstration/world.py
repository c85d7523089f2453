"""Where the demonstration happens: a simulated provider, and a gateway in front of it on a store that goes with it."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from farthing.cli.demonstration.model import support_model
from farthing.cli.run.background import Background, background_gateway
from farthing.config.engine import wall_ms
from farthing.config.load import load
from farthing.dashboard.door import Dashboard
from farthing.domain.money import usd
from farthing.testing import Entry, Pace, Settings, SimulatedProvider, list_prices

PROVIDER_KEY = "sk-held-by-the-gateway"
DIRECT_KEY = "sk-in-the-agents-hands"
ANSWER_TOKENS = 600
"""Length of the answers in the burst."""
FIRST_SECONDS = 0.03
"""How long the provider thinks."""

TEXT = """\
[store]
url = "sqlite:///{store}"

[gateway]
port = {port}

[providers.openai]
format = "openai"
base_url = "{provider}/v1"
api_key = "{key}"

[providers.anthropic]
format = "anthropic"
base_url = "{provider}"
api_key = "{key}"

[[budgets]]
name = "support, monthly"
match = {{ team = "support" }}
limit = "5 USD"
window = "month"

[[budgets]]
name = "each ticket"
match = {{ team = "support" }}
limit = "{ticket} USD"
window = "run"

[[budgets]]
name = "burst"
match = {{ team = "burst" }}
limit = "{burst} USD"
"""


@contextmanager
def simulated_provider() -> Iterator[SimulatedProvider]:
    """The provider, in a thread. Its bill is what everything is compared with."""
    settings = Settings(answer_tokens=ANSWER_TOKENS, pace=Pace(first_seconds=FIRST_SECONDS))
    provider = SimulatedProvider(settings, prices=list_prices(wall_ms), script=support_model)
    with provider.in_thread():
        yield provider


@contextmanager
def demo_gateway(
    provider: SimulatedProvider, *, port: int, ticket_nanos: int, burst_nanos: int
) -> Iterator[Background]:
    """A gateway with three budgets, started like any other: from a farthing.toml."""
    with tempfile.TemporaryDirectory(prefix="farthing-demo-") as folder:
        file = Path(folder) / "farthing.toml"
        store = Path(folder) / "farthing.db"
        file.write_text(
            TEXT.format(
                store=store,
                port=port,
                provider=provider.url,
                key=PROVIDER_KEY,
                ticket=usd(ticket_nanos),
                burst=usd(burst_nanos),
            ),
            "utf-8",
        )
        with background_gateway(load(file, {}), what="demo", pages=Dashboard) as gateway:
            yield gateway


class Billed(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider itself says of some requests."""

    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    nanos: int


def billed(entries: tuple[Entry, ...]) -> Billed:
    """The sum of these lines of the provider's bill; each is rounded up to whole nano-dollars, as a ledger counts."""
    return Billed(
        calls=len(entries),
        input_tokens=sum(entry.usage.input_tokens for entry in entries),
        cached_tokens=sum(entry.usage.cache_read_input_tokens for entry in entries),
        output_tokens=sum(entry.usage.output_tokens for entry in entries),
        nanos=sum(entry.nanos or 0 for entry in entries),
    )


def total(bills: Iterable[Billed]) -> Billed:
    """Several bills in one."""
    bills = tuple(bills)
    return Billed(**{name: sum(getattr(bill, name) for bill in bills) for name in Billed.__struct_fields__})
