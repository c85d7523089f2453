"""`farthing demo`: what Farthing is for, in under a minute, without a key or a network."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from farthing.cli.commands import FAILED, UNAVAILABLE, Said
from farthing.cli.demonstration import acts
from farthing.cli.demonstration.story import (
    Story,
    plain,
    tell_before_after,
    tell_burst,
    tell_run,
    tell_shift,
    tell_where,
    title,
)
from farthing.cli.demonstration.tickets import TICKETS
from farthing.cli.demonstration.world import demo_gateway, simulated_provider
from farthing.cli.run.background import Background
from farthing.cli.screen import dollars, say_json, screen
from farthing.gateway.serve import listen
from farthing.testing import SimulatedProvider

TICKET_NANOS = 50_000_000
"""Five cents: the budget of each ticket."""
USUAL_PORT = 4141


@click.command()
@click.option("--once", is_flag=True, help="Exit after printing, instead of leaving the gateway up to be tried.")
@click.option("--port", type=int, help="Where the gateway listens; 4141 or a free one if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the measured numbers as JSON instead of the story.")
@click.pass_context
def demo(ctx: click.Context, once: bool, port: int | None, as_json: bool) -> None:
    """See it work: an agent, budgets, a burst. No key, no network.

    A support agent with tools works through its tickets twice: straight to a (simulated) provider, and through Farthing
    with budgets. Then 200 calls at once meet a budget for 20. Every number is measured: the ledger's beside the
    provider's own bill. Exits with 1 if any of it did not hold.
    """
    try:
        _demo(ctx, once=once, port=_port(port, once=once), as_json=as_json)
    except OSError as error:
        raise Said(f"the demonstration cannot listen ({error.strerror}); choose another --port", UNAVAILABLE) from error


def _demo(ctx: click.Context, *, once: bool, port: int, as_json: bool) -> None:
    begun = time.monotonic()
    out = Console(quiet=True) if as_json else screen()
    with simulated_provider() as provider:
        burst_nanos = acts.AFFORDABLE * asyncio.run(acts.price_of_one(provider))
        with demo_gateway(provider, port=port, ticket_nanos=TICKET_NANOS, burst_nanos=burst_nanos) as gateway:
            story = _perform(provider, gateway, burst_nanos, out)
            seconds = time.monotonic() - begun
            if as_json:
                say_json({**plain(story), "seconds": round(seconds, 1), "url": gateway.url})
            verdict = "Every number agreed." if story.held else "Something did NOT hold: please report it."
            title(out, f"{verdict} It took {seconds:.0f} seconds.")
            if not once:
                tell_where(screen(err=as_json), gateway.url)
                _wait()
    if not story.held:
        ctx.exit(FAILED)


def _perform(provider: SimulatedProvider, gateway: Background, burst_nanos: int, out: Console) -> Story:
    """All acts in order, each told as it happens."""
    title(out, "1  A support agent with tools, straight to the provider. Ticket 6 never ends by itself.")
    direct = _work(provider, provider.url, "")
    tell_shift(out, direct.outcomes)
    title(out, f"2  The same agent through Farthing: {dollars(TICKET_NANOS)} for each ticket, $5 a month for the team.")
    governed = _work(provider, gateway.url, "team=support,agent=desk")
    tell_shift(out, governed.outcomes)
    run = acts.account_of(provider, gateway, TICKETS[0].name)
    burst_direct = asyncio.run(acts.burst_direct(provider))
    story = Story(
        ticket_nanos=TICKET_NANOS,
        direct=direct,
        governed=governed,
        posted_nanos=acts.ledgered(gateway, "support, monthly").posted,
        run=run,
        burst_direct=burst_direct,
        burst=_burst(provider, gateway, burst_nanos),
    )
    title(out, "   Before and after")
    tell_before_after(out, story)
    title(out, "3  The receipt of one run, to the nano-dollar")
    tell_run(out, run)
    title(out, f"4  {acts.BURST} calls at once, none with an output cap, against a budget for {acts.AFFORDABLE}")
    tell_burst(out, burst_direct, story.burst)
    return story


def _work(provider: SimulatedProvider, url: str, labels: str) -> acts.Shift:
    with _progress(f"{len(TICKETS)} tickets", len(TICKETS) * 3) as advance:
        return asyncio.run(acts.work(provider, url, labels, lambda _, __: advance()))


def _burst(provider: SimulatedProvider, gateway: Background, budget_nanos: int) -> acts.Burst:
    with _progress(f"{acts.BURST} calls at once", acts.BURST) as advance:
        return asyncio.run(acts.burst(provider, gateway, budget_nanos, lambda _: advance()))


@contextmanager
def _progress(text: str, steps: int) -> Iterator[Callable[[], None]]:
    """A bar while it runs, where somebody watches."""
    console = screen(err=True)
    columns = (TextColumn(f"   {text}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(text, total=steps)
        yield lambda: shown.update(task, advance=1)


def _port(named: int | None, *, once: bool) -> int:
    """The port that was asked for, else the usual one if it is free, else any."""
    if named is not None or once:
        return named or 0
    try:
        listen("127.0.0.1", USUAL_PORT).close()
    except OSError:
        return 0
    return USUAL_PORT


def _wait() -> None:
    """Until Ctrl-C or SIGTERM."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()
