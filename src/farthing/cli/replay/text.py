"""What `farthing replay` shows: both bills side by side, what is simulated, and how runs would have ended; text, JSON, CSV."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

import msgspec
from rich.table import Table

from farthing.cli.screen import dollars, screen, stamp, table
from farthing.domain.money import usd
from farthing.replay.policy import Remark
from farthing.replay.recaching import CACHE
from farthing.replay.tally import Pair, RunPair, Sums, Tally

_MOST_RUNS = 50
"""Runs that a table shows; --json and --csv have all."""
_COUNTS = ("calls", "paid", "refused", "failed", "unknown", "not_made", "from_cache")
_TOKENS = ("input_tokens", "cached_tokens", "written_tokens", "output_tokens")


def show(tally: Tally, remarks: Sequence[Remark], policy: str | None, *, runs: bool) -> None:
    """The report for people."""
    out = screen()
    out.print(_whole(tally, policy or "recorded policy"))
    out.print()
    out.print(_groups(tally))
    for line in (*_about(tally), *(f"{each.kind}: {each.name}: {each.why}" for each in remarks)):
        out.print(line)
    if tally.runs:
        out.print(_endings(tally))
    if runs:
        out.print()
        out.print(_runs(tally))


def plain(tally: Tally, remarks: Sequence[Remark], policy: str | None, *, runs: bool) -> dict[str, Any]:
    """The same for programs."""
    shares, half, most = tally.shares, tally.quantiles_ms(0.5), tally.quantiles_ms(0.95)
    return {
        "policy": policy,
        "first_call": stamp(tally.first_ms),
        "last_call": stamp(tally.last_ms),
        "recorded": _sums(tally.whole.then) | {"p50_ms": half[0], "p95_ms": most[0]},
        "replayed": _sums(tally.whole.now) | {"p50_ms": half[1], "p95_ms": most[1]},
        "usage": {
            "recorded": {"calls": shares.recorded_calls, "cost_usd": usd(shares.recorded_nanos)},
            "repriced": {"calls": shares.repriced_calls, "cost_usd": usd(shares.repriced_nanos)},
            "simulated": {"calls": shares.simulated_calls, "cost_usd": usd(shares.simulated_nanos)},
        },
        "simulated": dict(tally.simulated),
        "refusals": dict(tally.refusals),
        "acts": dict(tally.acts),
        "clamped": tally.clamped,
        "from_cache_cost_usd": usd(tally.kept_nanos),
        "left_out": {"calls": tally.left_out_calls, "input_tokens": tally.left_out_tokens},
        "provider_cache": msgspec.structs.asdict(tally.agreement),
        "latest_ms": tally.late_ms,
        "otherwise": dict(tally.otherwise),
        "groups": [
            {"group": dict(zip(tally.by, group, strict=True)), **_pair(pair)}
            for group, pair in sorted(tally.groups.items())
        ],
        "run_endings": _endings_of(tally),
        "runs": [_run(name, pair) for name, pair in sorted(tally.runs.items())] if runs else None,
        "remarks": [{"kind": each.kind, "name": each.name, "why": each.why} for each in remarks],
    }


def write_csv(tally: Tally, out: TextIO) -> None:
    """A line a run; calls without a run are one line with an empty name."""
    writer = csv.writer(out, lineterminator="\n")
    head = ("run", "workflow", "ending", "code")
    fields = (*_COUNTS, *_TOKENS, "cost_usd")
    writer.writerow((*head, *(f"{world}_{field}" for world in ("recorded", "replayed") for field in fields)))
    for name, pair in sorted(tally.runs.items()):
        then, now = _sums(pair.then), _sums(pair.now)
        writer.writerow(
            (
                _safe(name),
                _safe(pair.workflow),
                pair.ending,
                pair.code,
                *(then[f] for f in fields),
                *(now[f] for f in fields),
            )
        )


def _whole(tally: Tally, policy: str) -> Table:
    then, now = tally.whole.then, tally.whole.now
    half, most = tally.quantiles_ms(0.5), tally.quantiles_ms(0.95)
    rows = [
        ("cost", dollars(then.cost_nanos), dollars(now.cost_nanos), _change(then.cost_nanos, now.cost_nanos)),
        *(
            (
                words,
                f"{getattr(then, name):,}",
                f"{getattr(now, name):,}",
                _change(getattr(then, name), getattr(now, name)),
            )
            for name, words in _ROWS
            if getattr(then, name) or getattr(now, name)
        ),
        ("median time", _ms(half[0]), _ms(half[1]), _change(half[0], half[1])),
        ("95 % within", _ms(most[0]), _ms(most[1]), _change(most[0], most[1])),
    ]
    return table(("", "as it was", policy, "change"), rows, right=(1, 2, 3))


_ROWS = (
    ("calls", "calls"),
    ("paid", "answered and paid"),
    ("refused", "refused"),
    ("failed", "failed"),
    ("unknown", "cost unknown"),
    ("not_made", "not made: their run had ended"),
    ("from_cache", "answered from the cache"),
    ("unpriced", "without a price"),
    ("input_tokens", "input tokens"),
    ("cached_tokens", "of these read from a cache"),
    ("written_tokens", "of these written to a cache"),
    ("output_tokens", "output tokens"),
)


def _groups(tally: Tally) -> Table:
    head = (*tally.by, "calls", "cost then", "cost now", "change", "refused", "not made", "mean time then", "now")
    ordered = sorted(tally.groups.items(), key=lambda item: -item[1].then.cost_nanos)
    rows = [
        (
            *(value or "(none)" for value in group),
            f"{pair.then.calls:,}",
            dollars(pair.then.cost_nanos),
            dollars(pair.now.cost_nanos),
            _change(pair.then.cost_nanos, pair.now.cost_nanos),
            f"{pair.now.refused:,}",
            f"{pair.now.not_made:,}",
            _ms(pair.then.mean_ms),
            _ms(pair.now.mean_ms),
        )
        for group, pair in ordered
    ]
    return table(head, rows, right=range(len(tally.by), len(head)))


def _about(tally: Tally) -> Iterator[str]:
    """How far the figures can be trusted, and what the policy did."""
    shares = tally.shares
    yield (
        f"of the new bill {dollars(shares.recorded_nanos)} ({shares.recorded_calls:,} calls) is recorded, "
        f"{dollars(shares.repriced_nanos)} ({shares.repriced_calls:,}) recorded usage at other prices, "
        f"{dollars(shares.simulated_nanos)} ({shares.simulated_calls:,}) simulated"
    )
    yield from _counted("simulated", tally.simulated.most_common())
    yield from _counted("refused", tally.refusals.most_common())
    yield from _counted("the policy", tally.acts.most_common())
    if tally.clamped:
        yield f"output cap lowered to what a budget had left: {tally.clamped:,} calls"
    yield from _levers(tally)
    if tally.late_ms:
        yield f"the latest call came {tally.late_ms / 1_000:,.1f} s later than recorded"
    for what, calls in tally.otherwise.most_common():
        yield f"the record stands where the engine came to something else now: {what} ({calls:,} calls)"
    yield f"budgets begin empty at {stamp(tally.first_ms)}"


def _levers(tally: Tally) -> Iterator[str]:
    """What the levers did, and how far the provider's cache is known."""
    if kept := tally.whole.now.from_cache:
        yield f"answered from the cache: at most {kept:,} calls, which cost {dollars(tally.kept_nanos)} then"
    if tally.left_out_calls:
        yield (
            f"messages left out: {tally.left_out_tokens:,} input tokens of {tally.left_out_calls:,} calls; the bill above is "
            "net of what the provider's cache no longer held"
        )
    seen = tally.agreement
    if CACHE in tally.simulated and seen.calls:
        yield (
            f"the provider's cache as simulated is the recorded one in {seen.same_calls:,} of {seen.calls:,} calls, and "
            f"misses {seen.astray_tokens:,} of {seen.cached_tokens:,} cached tokens; where the worlds differ, the "
            "difference is carried over to the record"
        )


def _counted(what: str, counts: Iterable[tuple[str, int]]) -> Iterator[str]:
    said = ", ".join(f"{words} ({calls:,})" for words, calls in counts)
    if said:
        yield f"{what}: {said}"


def _endings_of(tally: Tally) -> dict[str, int]:
    found = {"as recorded": 0, "refused": 0, "landed": 0, "stopped": 0}
    for pair in tally.runs.values():
        found[pair.ending] += 1
    return found


def _endings(tally: Tally) -> str:
    found = _endings_of(tally)
    return (
        f"runs: {found['as recorded']:,} as recorded, {found['landed']:,} landed with a last answer, "
        f"{found['stopped']:,} stopped by a refusal, {found['refused']:,} refused at their last call or going on"
    )


def _runs(tally: Tally) -> Table:
    """The runs that ended or cost otherwise, the greatest change first."""
    changed = [(name, pair) for name, pair in tally.runs.items() if pair.ending != "as recorded" or _moved(pair)]
    changed.sort(key=lambda item: -abs(item[1].now.cost_nanos - item[1].then.cost_nanos))
    rows = [
        (
            name,
            pair.workflow,
            f"{pair.ending}{f' ({pair.code})' if pair.code else ''}",
            f"{pair.now.paid:,} of {pair.then.paid:,}",
            dollars(pair.then.cost_nanos),
            dollars(pair.now.cost_nanos),
        )
        for name, pair in changed[:_MOST_RUNS]
    ]
    made = table(("run", "workflow", "ending", "paid calls", "cost then", "cost now"), rows, right=(3, 4, 5))
    if len(changed) > _MOST_RUNS:
        made.caption = f"{len(changed) - _MOST_RUNS:,} more; --csv and --json have all"
    return made


def _moved(pair: Pair) -> bool:
    return pair.now.cost_nanos != pair.then.cost_nanos


def _run(name: str, pair: RunPair) -> dict[str, Any]:
    return {"run": name, "workflow": pair.workflow, "ending": pair.ending, "code": pair.code, **_pair(pair)}


def _pair(pair: Pair) -> dict[str, Any]:
    return {"recorded": _sums(pair.then), "replayed": _sums(pair.now)}


def _sums(sums: Sums) -> dict[str, Any]:
    counts = {name: getattr(sums, name) for name in (*_COUNTS, *_TOKENS, "unpriced")}
    return {**counts, "cost_usd": usd(sums.cost_nanos), "mean_ms": sums.mean_ms}


def _change(then: int | None, now: int | None) -> str:
    """`-12.5 %`; "" where nothing changes or nothing was there."""
    if not then or now is None or then == now:
        return ""
    return f"{(now - then) / then:+.1%}".replace("%", " %")


def _ms(ms: int | None) -> str:
    return "not measured" if ms is None else f"{ms:,} ms"


def _safe(text: str) -> str:
    """A name as a cell that no spreadsheet takes for a formula: callers choose labels."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
