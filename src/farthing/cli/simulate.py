"""`farthing simulate`: a provider that answers, bills, limits and fails like the real ones."""

from typing import NoReturn

import click

from farthing.cli.commands import UNAVAILABLE, Said


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=4242, show_default=True, help="0 takes a free one.")
@click.option("--tokens", default=100, show_default=True, help="Length of an answer that no script decides.")
@click.option("--first", default=0.0, metavar="SECONDS", help="Wait before the headers.")
@click.option("--event", default=0.0, metavar="SECONDS", help="Wait before each event of a stream.")
@click.option("--seed", default=0, help="The same seed gives the same answers.")
@click.option("--chance", multiple=True, metavar="FAULT=P", help="A fault and its probability; may be repeated.")
@click.option("--faults", is_flag=True, help="List the faults there are.")
def simulate(
    host: str, port: int, tokens: int, first: float, event: float, seed: int, chance: tuple[str, ...], faults: bool
) -> None:
    """A simulated provider to test agents with.

    It speaks OpenAI's and Anthropic's formats, streams, counts and bills tokens as they do, and misbehaves on demand: by
    model name (`gpt-4o@no_usage`), in a prompt (`[[sim fault=429]]`) or by --chance.
    """
    from farthing.testing import Pace, Settings, SimulatedProvider, list_prices, serve_provider
    from farthing.testing.clock import system_clock
    from farthing.testing.faults import KINDS

    if faults:
        for kind, meaning in KINDS.items():
            click.echo(f"{kind:22}{meaning}")
        return
    settings = Settings(answer_tokens=tokens, seed=seed, pace=Pace(first_seconds=first, event_seconds=event))
    provider = SimulatedProvider(settings, prices=list_prices(system_clock), host=host, port=port)
    try:
        provider.faults.roll(dict(map(_chance, chance)), seed)
    except ValueError as error:
        raise click.UsageError(f"{error}; --faults lists them") from error

    def ready() -> None:
        click.echo(f"simulated provider on {provider.url}, its bill on {provider.url}/_sim/bill")
        click.echo(f"  export OPENAI_BASE_URL={provider.url}/v1 ANTHROPIC_BASE_URL={provider.url}")

    try:
        serve_provider(provider, ready)
    except KeyboardInterrupt:
        return
    except OSError as error:
        _taken(host, port, error)


def _chance(text: str) -> tuple[str, float]:
    fault, mark, probability = text.rpartition("=")
    try:
        chance = float(probability)
    except ValueError:
        mark = ""
    if not mark:
        raise click.UsageError(f"--chance {text!r} must be written FAULT=PROBABILITY, like 429=0.1")
    return fault, chance


def _taken(host: str, port: int, error: OSError) -> NoReturn:
    raise Said(f"cannot listen on {host}:{port} ({error.strerror}); choose another --port", UNAVAILABLE) from error
