"""`python -m farthing.testing --port 4242`: the simulated provider from the command line."""

import argparse
import sys

from farthing.testing.clock import system_clock
from farthing.testing.delivery import Pace
from farthing.testing.faults import KINDS
from farthing.testing.listprices import list_prices
from farthing.testing.server import SimulatedProvider, serve_provider
from farthing.testing.simulation import Settings


def parser() -> argparse.ArgumentParser:
    faults = "\n".join(f"  {kind:22}{meaning}" for kind, meaning in KINDS.items())
    result = argparse.ArgumentParser(
        prog="python -m farthing.testing",
        description="A provider that answers, bills, limits and fails like the real ones.",
        epilog=f"Faults, by model name (gpt-4o@no_usage), in a prompt ([[sim fault=429]]) or by --chance:\n{faults}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("--host", default="127.0.0.1")
    result.add_argument("--port", type=int, default=4242)
    result.add_argument("--tokens", type=int, default=100, help="length of an answer")
    result.add_argument("--first", type=float, default=0.0, metavar="SECONDS", help="wait before the headers")
    result.add_argument(
        "--event", type=float, default=0.0, metavar="SECONDS", help="wait before each event of a stream"
    )
    result.add_argument("--seed", type=int, default=0)
    result.add_argument("--chance", action="append", default=[], metavar="FAULT=P", help="a fault and its probability")
    return result


def provider_from(arguments: argparse.Namespace) -> SimulatedProvider:
    """Raises ValueError for a fault or probability that makes no sense."""
    settings = Settings(
        answer_tokens=arguments.tokens,
        seed=arguments.seed,
        pace=Pace(first_seconds=arguments.first, event_seconds=arguments.event),
    )
    provider = SimulatedProvider(settings, prices=list_prices(system_clock), host=arguments.host, port=arguments.port)
    pairs = (chance.rpartition("=") for chance in arguments.chance)
    provider.faults.roll({fault: float(p) for fault, _, p in pairs}, arguments.seed)
    return provider


def main() -> int:
    arguments = parser().parse_args()
    try:
        provider = provider_from(arguments)
        serve_provider(provider, lambda: _announce(provider))
    except KeyboardInterrupt:
        return 0
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _announce(provider: SimulatedProvider) -> None:
    sys.stdout.write(f"simulated provider on {provider.url}, its bill on /_sim/bill\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
