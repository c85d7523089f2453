"""A store with the last whole month in it, for the commands of `farthing bill`: two teams, one shared call, one without price."""

from farthing.billing.month import before, month_of, span_of
from farthing.config.engine import wall_ms
from farthing.domain.usage import Usage
from support.billing_world import billing_world
from support.ledgers import Clock

FILE = """
[providers.openai]
format = "openai"
[billing]
issuer = "Platform"
shared = { by = "direct" }
[currencies.EUR]
rates = { "2020-01-01" = 1.25 }
max_age = "36500d"
"""
LAST = before(month_of(wall_ms()))
USAGE = Usage(input_tokens=2_000, cache_read_input_tokens=1_000, output_tokens=100)
OTHER_NANOS = 50_000_000
EACH_USD = "0.000285"
"""What one of its calls costs: 1,000 at $0.15, 1,000 at $0.075 and 100 at $0.6 a million."""


def fill(folder, file=FILE):
    """`farthing.toml` and `farthing.db`: search and support paid once, nobody once, support once without a price."""
    (folder / "farthing.toml").write_text(file)
    at_ms = span_of(LAST)[0] + 5_000
    with billing_world("sqlite", folder, clock=Clock(wall_ms())) as world:
        for team in ("support", "search", ""):
            labels = {"team": team, "agent": "=bot"} if team else {}
            world.settle(world.open(at_ms, **labels), USAGE)
        world.settle(world.open(at_ms, model="gpt-99", team="support"), USAGE)
        world.durable()
    return folder


def world_with_other_costs(folder):
    """The same store after a run of support has cost $0.05 beside models in that month, and a paid tool $0.02 in this one."""
    at_ms = span_of(LAST)[0] + 9_000
    with billing_world("sqlite", folder, clock=Clock(wall_ms())) as world:
        world.calls = [None] * 9
        world.use("lookup", span_of(month_of(wall_ms()))[0], 20_000_000, team="support", run="r1")
        world.durable()
        world.book("r1", at_ms, OTHER_NANOS)
