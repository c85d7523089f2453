"""The weekend as people read it: what was spent, who was told when, what the agents said last."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from farthing.cli.screen import dollars, table
from farthing.domain.money import parse_usd
from weekend.agents import Agent, Ending
from weekend.wires import Told
from weekend.world import FRIDAY_MS, MONDAY_MS, RUN_USD, WEEKEND_USD, Governed, Weekend

HOUR_MS = 3_600_000
BAR_HOURS, BAR_WIDTH = 6, 50
STYLES = {"done": "green", "landed": "cyan", "stopped": "yellow", "refused": "red", "told": "magenta"}
HOW = {"done": "done", "landed": "landed", "circuit_open": "stopped"}
"""How a run's ending is called here; every other one is a refusal."""
_OWN_WORDS = ("done", "landed")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline: the first of its kind, and how many like it followed until when."""

    at_ms: int
    kind: str
    who: str
    words: str
    more: int = 0
    last_ms: int = 0


def tell_alone(out: Console, alone: Weekend) -> None:
    """What the weekend costs without anyone who counts."""
    _title(out, "1  Without Farthing: straight to the provider")
    _bars(out, alone, alone.nanos)
    _say(
        out,
        f"   {len(alone.bill):,} calls, {dollars(alone.nanos)} on the provider's bill. On Monday at 08:00 "
        f"{alone.running} of {len(alone.agents)} agents are still at it.",
    )


def tell_governed(out: Console, governed: Governed, alone: Weekend) -> None:
    """The same weekend with budgets and a guard, as a timeline."""
    _title(
        out,
        f"2  Through Farthing: {dollars(parse_usd(WEEKEND_USD))} for the weekend, {dollars(parse_usd(RUN_USD))} for each "
        "run, and the loop guard",
    )
    _bars(out, governed, alone.nanos)
    out.print()
    out.print(_shown(timeline(governed)))


def tell_sums(out: Console, alone: Weekend, governed: Governed) -> None:
    """Before and after."""
    _title(out, "3  What was spent")
    limit = parse_usd(WEEKEND_USD)
    equal = governed.posted_nanos == governed.nanos
    rows = [
        ("model calls", f"{len(alone.bill):,}", f"{len(governed.bill):,}"),
        ("the provider's bill", dollars(alone.nanos), dollars(governed.nanos)),
        ("Farthing's ledger", "", f"{dollars(governed.posted_nanos)} ({'equal' if equal else 'DIFFERENT'})"),
        ("still held or unknown", "", dollars(governed.open_nanos)),
        ("overspent", dollars(max(0, alone.nanos - limit)), dollars(max(0, governed.nanos - limit))),
        ("refused, nothing sent", "", f"{governed.refusals:,}"),
        ("agents that gave an answer", *(f"{_answers(one)} of {len(one.agents)}" for one in (alone, governed))),
    ]
    out.print(table(("", "without", "with Farthing"), rows, right=(1, 2)))


def tell_last_words(out: Console, alone: Weekend, governed: Governed) -> None:
    """One row for each agent."""
    _title(out, "4  What they said last")
    spent: dict[str, int] = {}
    for entry in alone.bill:
        spent[entry.key] = spent.get(entry.key, 0) + (entry.nanos or 0)
    rows = [
        (
            agent.name,
            f"{len(agent.endings)}",
            _cents(spent.get(agent.key, 0)),
            _cents(governed.cost_nanos.get(agent.name, 0)),
            Text(kind_of(last), style=STYLES[kind_of(last)]),
            _moment(last.at_ms),
            _short(last.words),
        )
        for agent, last in ((agent, last_of_its_own(agent)) for agent in governed.agents)
    ]
    head = ("agent", "runs", "without", "with", "ended", "", "in its own words, else in the refusal's")
    out.print(table(head, rows, right=(1, 2, 3)))


def timeline(governed: Governed) -> list[Line]:
    """Endings and alerts in the order of their first, each kind of each role once."""
    endings = [
        ((agent.role.name, ending.how), ending.at_ms, kind_of(ending), agent.name, _short(ending.words))
        for agent in governed.agents
        for ending in agent.endings
    ]
    return sorted(_grouped([*endings, *_alerts(governed.told)]), key=lambda line: line.at_ms)


def kind_of(ending: Ending) -> str:
    return HOW.get(ending.how, "refused")


def last_of_its_own(agent: Agent) -> Ending:
    """The last ending with an answer of the agent's own that had something to say; else the last at all."""
    own = [ending for ending in agent.endings if ending.how in _OWN_WORDS]
    told = [ending for ending in own if "no time" not in ending.words]
    return (told or own or agent.endings)[-1]


def held(alone: Weekend, governed: Governed) -> bool:
    """Whether what is claimed is true of what was measured."""
    return (
        governed.nanos == governed.posted_nanos <= parse_usd(WEEKEND_USD) < alone.nanos
        and governed.open_nanos == 0
        and all(agent.endings for agent in governed.agents)
    )


Seen = tuple[tuple[str, str], int, str, str, str]
"""What makes it one of a kind, when, and the words of its line."""


def _alerts(told: Iterable[Told]) -> list[Seen]:
    """One for each alert, wherever it went."""
    by_alert: dict[tuple[int, str, str], list[Told]] = {}
    for one in told:
        by_alert.setdefault((one.at_ms, one.rule, one.subject), []).append(one)
    return [
        (("told", rule), at_ms, "told", ", ".join(sorted(one.to for one in alert)), _alert_words(alert[0]))
        for (at_ms, rule, _), alert in by_alert.items()
    ]


def _alert_words(told: Told) -> str:
    """The alert's first sentence, and whom it is about where that does not say it."""
    first = told.text.partition("\n")[0].partition(", since call")[0].rstrip(".")
    return first if told.subject in first.lower() else f"{told.subject}: {first[0].lower()}{first[1:]}"


def _grouped(seen: Iterable[Seen]) -> list[Line]:
    found: dict[tuple[str, str], Line] = {}
    for kind_key, at_ms, kind, who, words in sorted(seen, key=lambda one: one[1]):
        line = found.get(kind_key)
        if line is None:
            found[kind_key] = Line(at_ms=at_ms, kind=kind, who=who, words=words)
        else:
            found[kind_key] = msgspec.structs.replace(line, more=line.more + 1, last_ms=at_ms)
    return list(found.values())


def _shown(lines: Iterable[Line]) -> Table:
    shown = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    for _ in range(4):
        shown.add_column(overflow="fold")
    for line in lines:
        words = Text(line.words)
        if line.more:
            words.append(f"  (+ {line.more} like it, until {_moment(line.last_ms)})", style="dim")
        shown.add_row(
            f"   {_moment(line.at_ms)}", Text(line.kind, style=STYLES[line.kind]), Text(line.who, style="bold"), words
        )
    return shown


def _bars(out: Console, weekend: Weekend, whole: int) -> None:
    """What was spent until then, every few hours; `whole` is a full bar."""
    for at_ms in (*range(FRIDAY_MS + BAR_HOURS * HOUR_MS, MONDAY_MS, BAR_HOURS * HOUR_MS), MONDAY_MS):
        spent = weekend.spent_until(at_ms)
        shown = Text(f"   {_moment(at_ms)}  ")
        shown.append("█" * -(-spent * BAR_WIDTH // whole), style="red" if weekend.nanos == whole else "green")
        shown.append(f" {_cents(spent)}")
        out.print(shown, soft_wrap=True)


def _answers(weekend: Weekend) -> int:
    return sum(any(ending.how in _OWN_WORDS for ending in agent.endings) for agent in weekend.agents)


def _short(words: str) -> str:
    """A refusal's numbers, without what to do about them and without ids."""
    if not words.startswith(("Run ", "The budget")):
        return words
    return words.partition(", since call")[0].partition(". ")[0]


def _cents(nanos: int) -> str:
    """Rounded to the nearest cent, for overviews."""
    return f"${(nanos + 5_000_000) // 10_000_000 / 100:.2f}"


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).strftime("%a %H:%M")


def _title(out: Console, text: str) -> None:
    out.print(Text(f"\n{text}", style="bold"), soft_wrap=True)


def _say(out: Console, text: str) -> None:
    out.print(Text(text), soft_wrap=True)
