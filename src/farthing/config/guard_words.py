"""Guards in plain words: what `farthing check` says of `[[limits]]` and `[guard]`."""

from collections.abc import Iterator

from farthing.config.guarding import limits_of
from farthing.config.settings import File, Guard
from farthing.domain.money import usd
from farthing.guard.limit import Rate


def guard_lines(settings: File) -> Iterator[str]:
    """One line for each rate limit, and what becomes of agents that loop."""
    for limit in limits_of(settings):
        whole = [limit.words(rate) for rate in Rate if limit.allowed(rate) is not None]
        yield "at most " + " and ".join(whole)
    if settings.guard is not None:
        yield _agents(settings.guard)


def _agents(guard: Guard) -> str:
    counted = (
        ("calls", guard.steps),
        ("tool calls", guard.tool_calls),
        ("repeats of one request", guard.retries),
        ("minutes", guard.minutes),
    )
    limits = [f"{amount:,} {what}" for what, amount in counted if amount is not None]
    if guard.cost is not None:
        limits.append(f"{usd(guard.cost.amount)} USD")
    loops = f"after {guard.same_call} times round" if guard.same_call else "never for loops"
    more = f", or past {', '.join(limits)} of a session" if limits else ""
    act = f"stopped for {guard.open_for_seconds / 60:g} min" if guard.do == "block" else "told, and not stopped"
    exempt = f"; {', '.join(guard.poll)} may repeat" if guard.poll else ""
    return f"an agent is {act}: {loops}{more}{exempt}"
