"""`farthing calls`: what was recorded of single calls, and correcting what one cost."""

from collections.abc import Iterator
from itertools import zip_longest

import click
import msgspec

from farthing.accounts.receipt import receipt as receipt_of
from farthing.accounts.receipt_view import view
from farthing.accounts.shape import tokens_by_message
from farthing.cli.commands import Said
from farthing.cli.content import content_of, content_text, plain_content
from farthing.cli.options import Store, as_json, labels, open_store, since, who, with_settings
from farthing.cli.receipt.command import cards, find_call
from farthing.cli.receipt.text import text
from farthing.cli.screen import dollars, moment, say_json, screen, stamp, table
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.config.settling import settlement_of
from farthing.domain.ids import first_id, made_ms, show
from farthing.domain.money import usd
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord, CallRecord, CallSummary

PAGE = 500
CLOCK_BACK_MS = 3_600_000
"""By how much an id may be older than the arrival of its call says."""
OUTCOMES = ("paid", "refused", "unknown", "unsent", "failed")


@click.group(no_args_is_help=True)
def calls() -> None:
    """Recorded calls: list, show, settle.

    No content is on record, only lengths, hashes and names, unless `[record] content` asks for it.
    """


@calls.command()
@click.option("--limit", default=20, show_default=True, help="How many, the newest first.")
@click.option("--key", help="Only those made with this key.")
@click.option("--run", help="Only those of this run.")
@click.option("--outcome", type=click.Choice(OUTCOMES))
@click.option("--flag", help="Only those with an attempt flagged so: overran_cap, cut_by_cap, estimated, drained, …")
@click.option("--look", default=200_000, show_default=True, help="Calls to look through; 0 for all there are.")
@labels
@since("30d")
@with_settings
@as_json
def ls(
    settings: Settings, limit: int, flag: str | None, look: int, since: int, as_json: bool, **wanted: object
) -> None:
    """The newest calls."""
    oldest_ms = wall_ms() - since
    with open_store(settings) as store:
        reached = store.records.reach(look) if look > 0 else 0
        floor = max(reached, first_id(oldest_ms - CLOCK_BACK_MS))
        found = list(_newest(store, limit, flag, oldest_ms, {**wanted, "from_id": floor}))
    if reached == floor and len(found) < limit:
        where = f"looked through the newest {look:,} calls, back to {moment(made_ms(reached))}; --look 0: through all"
        click.echo(where, err=True)
    if as_json:
        say_json([_plain(call) for call in found])
    elif not found:
        click.echo("no such calls on record")
    else:
        head = ("call", "arrived", "model", "outcome", "tokens in", "out", "cost", "key", "labels")
        screen().print(table(head, map(_row, found), right=(4, 5, 6)))


@calls.command("show")
@click.argument("call")
@click.option("--content", is_flag=True, help="Its texts too, redacted, where `[record] content` keeps them.")
@with_settings
@as_json
def show_call(settings: Settings, call: str, content: bool, as_json: bool) -> None:
    """One call: what was asked, what each attempt did, and what it cost."""
    with open_store(settings) as store:
        record = find_call(store, call)
        texts = content_of(store.path, record.opening.id) if content else None
    found, tokens = receipt_of(record, cards(settings)), tokens_by_message(record)
    if as_json:
        skeleton = msgspec.to_builtins(record.skeleton)
        shown = {**msgspec.to_builtins(view(found)), "skeleton": skeleton, "tokens_by_message": tokens}
        say_json({**shown, "content": plain_content(texts)} if content else shown)
        return
    click.echo(text(found), nl=False)
    for message, counted in zip_longest(record.skeleton.messages, tokens):
        tools = f"  {', '.join(message.tools)}" if message.tools else ""
        point = f"  cached {message.breakpoint}" if message.breakpoint else ""
        click.echo(
            f"  {message.role:<10} {message.bytes:>9,} bytes  {_tokens(counted)}  {message.digest}{tools}{point}"
        )
    if content:
        click.echo(content_text(texts), nl=False)


def _tokens(counted: int | None) -> str:
    return f"{'?' if counted is None else f'{counted:,}':>8} tokens"


@calls.command()
@click.argument("call")
@click.option("--usage", metavar="JSON", help='What it used: \'{"input_tokens": 1200, "output_tokens": 80}\'.')
@click.option("--free", is_flag=True, help="It cost nothing.")
@click.option("--tier", default="", help="The service tier it was billed as; standard if not given.")
@click.option("--attempt", "ordinal", type=int, help="Which attempt; the last one that was sent if not given.")
@click.option("--reason", required=True, help="Why: it is kept with the correction.")
@with_settings
def settle(
    settings: Settings, call: str, usage: str | None, free: bool, tier: str, ordinal: int | None, reason: str
) -> None:
    """Say what a call really used, where the provider never did or was wrong.

    The correction is priced with the book, posted to the budgets of the call, and kept beside what stood there before.
    """
    from farthing.stores.sqlite.ledger import SqliteLedger

    if free == (usage is not None):
        raise click.UsageError("say what it used with --usage, or that it cost nothing with --free")
    told = Usage() if usage is None else _usage(usage)
    with open_store(settings) as store:
        attempt = _attempt(find_call(store, call), ordinal)
        card = cards(settings)(attempt.opening)
        settlement = settlement_of(attempt.opening.id, told, card, tier=tier, now_ms=wall_ms(), of=attempt)
        if settlement.cost_nanos is None:
            raise Said(f"no price is known for {attempt.opening.model}; name it under [[prices]] first")
        ledger = SqliteLedger.open(store.path, what="command")
        try:
            done = ledger.adjust_blocking(settlement, who(), reason)
        finally:
            ledger.close_now()
        if not done:
            raise Said(f"{call} is still in flight; its own process will settle it")
    before = "unknown" if attempt.state == "unknown" else dollars(attempt.cost_nanos or 0)
    click.echo(f"{call}, attempt {attempt.opening.ordinal}: {before} → {dollars(settlement.cost_nanos)}")


def _newest(
    store: Store, limit: int, flag: str | None, oldest_ms: int, wanted: dict[str, object]
) -> Iterator[CallSummary]:
    """Pages back through the calls until there are enough, or they are too old."""
    before: int | None = None
    while limit > 0:
        page = store.records.recent(limit=PAGE if flag else min(limit, PAGE), before_id=before, **wanted)  # type: ignore[arg-type]
        for call in page:
            if call.arrived_ms < oldest_ms:
                return
            if flag is None or flag in _flags(store, call):
                yield call
                limit -= 1
                if limit == 0:
                    return
        if not page:
            return
        before = page[-1].id


def _flags(store: Store, call: CallSummary) -> set[str]:
    record = store.records.call(call.id)
    return {flag for attempt in record.attempts for flag in attempt.flags} if record is not None else set()


def _usage(text: str) -> Usage:
    try:
        given = msgspec.json.decode(text, type=dict[str, int])
    except msgspec.DecodeError as error:
        raise click.UsageError(f"--usage must be a JSON object of token counts: {error}") from error
    unknown = set(given) - set(Usage.__struct_fields__)
    if unknown:
        known = ", ".join(Usage.__struct_fields__)
        raise click.UsageError(f"--usage does not know {', '.join(sorted(unknown))}; there are {known}")
    usage = Usage(**given)
    flaw = usage.flaw()
    if flaw:
        raise click.UsageError(f"--usage is impossible: {flaw}")
    return usage


def _attempt(record: CallRecord, ordinal: int | None) -> AttemptRecord:
    shown = show("call", record.opening.id)
    if not record.attempts:
        raise Said(f"{shown} was refused before anything was sent: there is nothing to settle")
    sent = [attempt for attempt in record.attempts if attempt.state != "void"] or list(record.attempts)
    if ordinal is None:
        return sent[-1]
    found = next((attempt for attempt in record.attempts if attempt.opening.ordinal == ordinal), None)
    if found is None:
        raise Said(f"{shown} has {len(record.attempts)} attempts, none of them number {ordinal}")
    return found


def _row(call: CallSummary) -> tuple[str, ...]:
    outcome = call.code or call.outcome or "in flight"
    notes = " estimated" * bool(call.estimated) + " open" * bool(call.open)
    cost = dollars(call.cost_nanos) if not call.unpriced else dollars(None)
    return (
        show("call", call.id),
        moment(call.arrived_ms),
        call.model,
        f"{outcome}{notes}",
        f"{call.input_tokens:,}",
        f"{call.output_tokens:,}",
        cost if call.attempts else "",
        call.key,
        ", ".join(f"{name}={value}" for name, value in call.labels),
    )


def _plain(call: CallSummary) -> dict[str, object]:
    return {
        "call": show("call", call.id),
        "arrived_at": stamp(call.arrived_ms),
        "finished_at": stamp(call.finished_ms),
        "key": call.key,
        "labels": dict(call.labels),
        "model": call.model,
        "streamed": call.streamed,
        "outcome": call.outcome or None,
        "code": call.code,
        "status": call.status,
        "attempts": call.attempts,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "cost_usd": usd(call.cost_nanos),
        "estimated": call.estimated,
        "unpriced": call.unpriced,
        "open": call.open,
    }
