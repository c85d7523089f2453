"""`farthing audit`: who changed what, and whether anything was changed that nobody is on record for."""

import csv
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from farthing.audit.pseudonym import pseudonym as pseudonym_of
from farthing.audit.seal import HMAC, document, read_seal
from farthing.cli.commands import FAILED, Said
from farthing.cli.options import as_json, open_store, since, who, with_settings
from farthing.cli.screen import moment, say_json, screen, table
from farthing.config.auditing import ages_of, pseudonym_key, sealing_of
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.config.store import SKELETON_KEY
from farthing.domain.seal import Seal
from farthing.gateway.admin.audit_views import erasure_view, event_view, verdict_view
from farthing.ports.audit import AuditEvent, Finding, Progress, Verdict
from farthing.stores.sqlite.audit import SqliteAudit
from farthing.stores.sqlite.chain.seals import write_seal

PAGE = 1_000
_FIELDS = ("id", "at", "by", "action", "subject", "detail")


@click.group(no_args_is_help=True)
def audit() -> None:
    """Who changed what, and proof that nothing else did: verify, seal, export.

    Also: erase a name from the store, and drop what is too old.
    """


@contextmanager
def _audit(settings: Settings) -> Iterator[SqliteAudit]:
    with open_store(settings) as store:
        opened = SqliteAudit(store.path, now_ms=wall_ms, sealing=sealing_of(settings))
        try:
            yield opened
        finally:
            opened.close()


@audit.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many, the newest first.")
@click.option("--by", default="", help="Only by them; a * at the end fits any ending.")
@click.option("--action", default="", help="Only this: key.add, budget.put, grant, suspend, audit.erase, …")
@click.option("--subject", default="", help="Only about this.")
@with_settings
@as_json
def ls(settings: Settings, limit: int, by: str, action: str, subject: str, as_json: bool) -> None:
    """Who changed what, the newest first."""
    named = (("by", by), ("action", action), ("subject", subject))
    with _audit(settings) as opened:
        found = opened.events(limit=limit, where=tuple((name, value) for name, value in named if value))
    if as_json:
        say_json([event_view(event) for event in found])
    elif not found:
        click.echo("nothing was changed")
    else:
        rows = [(str(event.id), moment(event.at_ms), event.by, event.action, event.subject) for event in found]
        screen().print(table(("event", "when", "by", "did", "to"), rows, right=(0,)))


@audit.command()
@click.option("--against", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A seal kept elsewhere.")
@with_settings
@as_json
def verify(settings: Settings, against: Path | None, as_json: bool) -> None:
    """Read the whole chain and everything it speaks of. Exit code 1 where anything was changed.

    Nobody has to stop working meanwhile. Without a seal that was kept elsewhere, somebody who may write to the store and
    computes the whole chain anew is not found; with one they are.
    """
    kept = None if against is None else _last_seal_in(against)
    with _audit(settings) as opened:
        verdict = opened.verify(against=kept, progress=_progress())
    if as_json:
        say_json(verdict_view(verdict))
    else:
        _say(verdict, against)
    if not verdict.whole:
        sys.exit(FAILED)


def _progress() -> Progress:
    """Tell a terminal how far it is; a pipe hears nothing."""
    if not sys.stderr.isatty():
        return lambda _, __: None
    return lambda done, total: click.echo(f"\r{done:,} of {total:,} links", nl=done >= total, err=True)


def _say(verdict: Verdict, against: Path | None) -> None:
    for finding in verdict.findings:
        click.echo(_told(finding))
    if verdict.more:
        click.echo(f"and {verdict.more:,} more")
    read = f"{verdict.links:,} links, {verdict.entries:,} entries, {verdict.rows:,} rows, {verdict.seals:,} seals"
    if verdict.whole:
        beside = f", and against {against}" if against else ""
        click.echo(f"nothing was changed: {read}{beside}")
    else:
        click.echo(f"NOT as it was written: {len(verdict.findings) + verdict.more:,} findings in {read}")
    for words in verdict.pruned:
        click.echo(f"by policy: {words}")
    click.echo(f"head: link {verdict.head_seq:,}, {verdict.head}")


def _told(finding: Finding) -> str:
    link = "" if finding.link is None else f" (link {finding.link:,}, {moment(finding.at_ms or 0)})"
    return f"{finding.table} {finding.row}: {finding.what}{link}"


def _last_seal_in(path: Path) -> Seal:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    try:
        return read_seal(lines[-1] if lines else "")
    except ValueError as error:
        raise Said(f"{path}: {error}; a seal is one line of JSON, as `farthing audit seal` prints it") from error


@audit.command()
@click.option("--to", type=click.Path(path_type=Path), help="A directory or a file to write it to as well.")
@with_settings
def seal(settings: Settings, to: Path | None) -> None:
    """Seal what was written since the last seal, and print the last seal as JSON. Keep it where this machine cannot write."""
    with _audit(settings) as opened:
        made = opened.seal() or opened.seals()[-1]
    if to is not None:
        write_seal(made, to)
    click.echo(document(made))
    if made.signature.kind == HMAC:
        click.echo(
            "signed with this installation's own secret, which convinces nobody else; "
            "for a signature that others can check: pip install 'farthing[audit]'",
            err=True,
        )


@audit.command()
@since("30d")
@click.option("--until", default=None, type=click.DateTime(), help="Before this moment (UTC); now if not given.")
@click.option("--format", "form", default="jsonl", show_default=True, type=click.Choice(["jsonl", "csv"]))
@with_settings
def export(settings: Settings, since: int, until: datetime | None, form: str) -> None:
    """Every event of a time, the newest first, on standard output."""
    end = wall_ms() if until is None else int(until.replace(tzinfo=UTC).timestamp() * 1_000)
    with _audit(settings) as opened:
        events = _all(opened, wall_ms() - since, end)
        if form == "jsonl":
            for event in events:
                click.echo(msgspec.json.encode(event_view(event)))
        else:
            writer = csv.writer(sys.stdout)
            writer.writerow(_FIELDS)
            writer.writerows([getattr(event_view(event), name) for name in _FIELDS] for event in events)


def _all(opened: SqliteAudit, since_ms: int, until_ms: int) -> Iterator[AuditEvent]:
    before: int | None = None
    while True:
        page = opened.events(limit=PAGE, before=before, since_ms=since_ms, until_ms=until_ms)
        yield from page
        if len(page) < PAGE:
            return
        before = page[-1].id


@audit.command()
@click.option("--user", required=True, help="Whose name.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_settings
@as_json
def erase(settings: Settings, user: str, yes: bool, as_json: bool) -> None:
    """Put a pseudonym in the place of a user's name, everywhere. There is no way back.

    What they spent stays, to the nano-dollar, and so does the chain. A budget that counts each user begins anew for
    somebody who comes back under the same name.
    """
    if not yes:
        click.confirm(f"The name {user!r} will be gone for good. Go on?", abort=True)
    with _audit(settings) as opened:
        done = opened.erase("user", user, by=who())
    if as_json:
        say_json(erasure_view(done))
    else:
        rows = ", ".join(f"{count:,} of {name}" for name, count in done.rows.items()) or "none"
        click.echo(f"{done.pseudonym} stands in its place; rows rewritten: {rows}")
        if done.left:
            rows = ", ".join(f"{count:,} of {name}" for name, count in done.left.items())
            click.echo(f"the same word with another meaning, or in other names, was not touched: {rows}")


@audit.command()
@with_settings
@as_json
def prune(settings: Settings, as_json: bool) -> None:
    """Drop what is older than `[audit] keep` and `[record] retention` allow; the gateway does so by itself."""
    total: dict[str, int] = {}
    with _audit(settings) as opened:
        while (done := opened.prune(ages_of(settings))).more:
            for name, count in done.rows.items():
                total[name] = total.get(name, 0) + count
    if as_json:
        say_json(total)
    else:
        click.echo(
            ", ".join(f"{count:,} {name}" for name, count in total.items()) or "nothing is old enough to be dropped"
        )


@audit.command()
@click.argument("name")
@click.option("--label", default="user", show_default=True, help="The label it is a value of.")
@click.option("--tenant", default="", metavar="NAME=VALUE", help="As team=a: the organisation or team of the calls.")
@with_settings
def pseudonym(settings: Settings, name: str, label: str, tenant: str) -> None:
    """The pseudonym under which `[audit] pseudonymous` keeps a name."""
    with open_store(settings) as store:
        key = pseudonym_key(store.directory.secret(SKELETON_KEY, secrets.token_bytes(32)))
    click.echo(pseudonym_of(key, tenant, label, name))
