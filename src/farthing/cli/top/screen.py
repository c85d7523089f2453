"""A frame of `farthing top` on a terminal of any width, in colours or without."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from farthing.cli.screen import bar, dollars, moment, quantity, table
from farthing.cli.top.frame import BUSY_BY, AlertLine, BudgetLine, Busy, CallLine, Frame, Spend

NARROW, WIDE = 80, 132
SORTS = ("cost", "calls", "tokens")
_KEYS = "q quit   p pause   s sort"
_MOST_BUDGETS, _MOST_BUSY = 8, 5


def rendered(frame: Frame, width: int, *, sort: str = "cost", state: str = "", keys: bool = False) -> RenderableType:
    """The frame for a terminal of this width. `state` says why it is not fresh; `keys` shows what may be pressed."""
    parts: list[RenderableType] = [_head(frame, width, state), _spent(frame), Text()]
    parts += [_alert(alert, width) for alert in frame.alerts]
    if frame.budgets:
        parts += [_budgets(frame.budgets, width), Text()]
    if any(frame.busy.values()):
        parts += [_busiest(frame, width, sort), Text()]
    parts.append(_calls(frame.calls, width) if frame.calls else Text("no calls on record yet", style="dim"))
    if keys:
        parts.append(Text(f"{_KEYS} (by {sort})", style="dim"))
    return Group(*parts)


def _head(frame: Frame, width: int, state: str) -> Text:
    line = Text.assemble(("farthing top", "bold"), f"  {moment(frame.at_ms)}  ", (frame.source, "dim"))
    if state:
        line.append(f"  {state}", style="bold red")
    line.truncate(width, overflow="ellipsis")
    return line


def _spent(frame: Frame) -> Text:
    line = Text.assemble("burning ", (dollars(frame.burn_nanos), "bold"), " an hour now")
    line.append(f"   hour {_words(frame.hour)}   today {_words(frame.today)}")
    return line


def _words(spend: Spend) -> str:
    refused = f", {spend.refused:,} refused" if spend.refused else ""
    still = f", {spend.open:,} open" if spend.open else ""
    return f"{dollars(spend.nanos)} in {spend.calls:,} call{'' if spend.calls == 1 else 's'}{refused}{still}"


def _alert(alert: AlertLine, width: int) -> Text:
    line = Text(f"! {alert.title}  (since {moment(alert.at_ms)})", style="bold yellow")
    line.truncate(width, overflow="ellipsis")
    return line


def _budgets(lines: Sequence[BudgetLine], width: int) -> Table:
    head = ["budget", "", "spent", "left"] if width < NARROW else ["budget", "", "spent", "reserved", "left", "limit"]
    rows = [_budget(line, width) for line in lines[:_MOST_BUDGETS]]
    made = table(head, rows, right=range(2, len(head)))
    if len(lines) > _MOST_BUDGETS:
        made.caption = f"{len(lines) - _MOST_BUDGETS:,} more accounts; `farthing budgets ls` has all"
    return made


def _budget(line: BudgetLine, width: int) -> Sequence[str | Text]:
    size = 8 if width < NARROW else 16 if width < WIDE else 32
    name = " ".join(filter(None, (line.name, line.value, "" if line.unit.currency else line.unit.value)))
    full = bar(limit=line.limit, spent=line.spent, unknown=0, held=line.held, width=size)
    spent, held, left, limit = (
        quantity(line.unit, amount) for amount in (line.spent, line.held, line.left, line.limit)
    )
    shown = (spent, left) if width < NARROW else (spent, held if line.held else "", left, limit)
    return (_short(name, 20 if width < NARROW else 30), full, *shown)


def _busiest(frame: Frame, width: int, sort: str) -> RenderableType:
    """Side by side where there is room, else below each other."""
    tables = [_busy(group, frame.busy[group], sort) for group in BUSY_BY if frame.busy.get(group)]
    if width < WIDE:
        return Group(*tables)
    side_by_side = Table.grid(padding=(0, 4))
    side_by_side.add_row(*tables)
    return side_by_side


def _busy(group: str, busy: Sequence[Busy], sort: str) -> Table:
    order = {"cost": lambda each: each.nanos, "calls": lambda each: each.calls, "tokens": lambda each: each.tokens}
    chosen = sorted(busy, key=order[sort], reverse=True)[:_MOST_BUSY]
    rows = [(_short(each.name, 28), f"{each.calls:,}", f"{each.tokens:,}", dollars(each.nanos)) for each in chosen]
    return table((f"{group}, last hour", "calls", "tokens", "cost"), rows, right=(1, 2, 3))


def _calls(calls: Sequence[CallLine], width: int) -> Table:
    if width < NARROW:
        rows = [(_clock(call), _short(call.model, 18), Text(_ended(call), _style(call)), _cost(call)) for call in calls]
        return table(("", "model", "", "cost"), rows, right=(3,))
    wide = [tuple(_cells(call)) for call in calls]
    return table(("call", "", "model", "", "who", "tokens", "cost"), wide, right=(5, 6))


def _cells(call: CallLine) -> Iterator[str | Text]:
    yield call.id
    yield _clock(call)
    yield _short(call.model, 22)
    yield Text(_ended(call), _style(call))
    yield _short(call.who, 18)
    yield f"{call.tokens:,}"
    yield _cost(call)


def _clock(call: CallLine) -> str:
    return moment(call.arrived_ms)[11:]


def _ended(call: CallLine) -> str:
    return "" if call.outcome == "paid" else call.outcome or "…"


def _style(call: CallLine) -> str:
    return "dim" if call.outcome in ("", "paid") else "yellow"


def _cost(call: CallLine) -> str:
    return "held" if call.open else dollars(call.nanos)


def _short(text: str, most: int) -> str:
    """Names of callers: no control characters, no great length."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
