"""`farthing keys`: virtual keys, in the store beside those that the configuration names."""

import secrets

import click

from farthing.accounts.attribution import flaw_of
from farthing.accounts.secrets import ID_BYTES, SECRET_BYTES, issue
from farthing.accounts.secrets import digest as digest_of
from farthing.cli.commands import Said
from farthing.cli.options import Store, as_json, labels, names, open_store, who, with_settings
from farthing.cli.runs.suspending import resume_key, suspend_key
from farthing.cli.screen import moment, say_json, screen, stamp, table
from farthing.config.convert import keys_of
from farthing.config.settings import Settings
from farthing.domain.key import Key
from farthing.domain.record import Labels

RIGHTS = ("call", "admin", "approve", "metrics", "outcomes", "runs")


@click.group(no_args_is_help=True)
def keys() -> None:
    """Virtual keys: list, make, revoke, suspend, resume.

    A key says who a caller is. Without any key, callers on this machine need none and others are refused.
    """


@keys.command()
@with_settings
@as_json
def ls(settings: Settings, as_json: bool) -> None:
    """All keys: the file's and the stored ones. Secrets are never shown."""
    with open_store(settings) as store:
        every = (*keys_of(settings), *store.directory.load().keys)
    if as_json:
        say_json([_plain(key) for key in every])
        return
    if not every:
        click.echo("no keys: callers on this machine need none, others are refused; `farthing keys new NAME` makes one")
        return
    head = ("name", "id", "from", "labels", "callers may set", "must give", "rights", "")
    screen().print(table(head, map(_row, every)))


@keys.command()
@click.argument("name")
@labels
@click.option("--may-set", default="", metavar="A,B", help="Labels that callers with this key may choose.")
@click.option("--require", default="", metavar="A,B", help="Labels without which a call is refused.")
@click.option(
    "--right", "rights", multiple=True, type=click.Choice(RIGHTS), help="What it may do; `call` if not given."
)
@click.option("--max-values", default=1_000, show_default=True, help="Values of one label it may bring into being.")
@with_settings
@as_json
def new(
    settings: Settings,
    name: str,
    labels: Labels,
    may_set: str,
    require: str,
    rights: tuple[str, ...],
    max_values: int,
    as_json: bool,
) -> None:
    """Make a key. Its secret is shown once, now; only a digest is kept."""
    issued = issue(secrets.token_bytes(ID_BYTES + SECRET_BYTES))
    key = Key(
        id=issued.id,
        name=name,
        digest=digest_of(issued.secret),
        labels=labels,
        may_set=names(may_set),
        require=names(require),
        max_values=max_values,
        rights=rights or ("call",),
        source="store",
    )
    _check(key, settings)
    with open_store(settings, make=True) as store:
        first = _is_first(store, settings)
        store.directory.add_key(key, who())
    if as_json:
        say_json({**_plain(key), "secret": issued.secret})
        return
    click.echo(f"{issued.secret}\n")
    click.echo(
        "This is shown once. Give it to the caller as its API key; a running gateway knows it already.", err=True
    )
    if first:
        click.echo("It is the first key: from now on every caller needs one, on this machine too.", err=True)


@keys.command()
@click.argument("name")
@with_settings
def revoke(settings: Settings, name: str) -> None:
    """Revoke a stored key. Running gateways refuse it within a second; its calls stay on record."""
    if any(key.name == name for key in keys_of(settings)):
        raise Said(f"the key {name!r} is {settings.file or 'the configuration'}'s; remove it there, then send SIGHUP")
    with open_store(settings) as store:
        store.directory.revoke_key(name, who())
    click.echo(f"{name} is revoked")


keys.add_command(suspend_key)
keys.add_command(resume_key)


def _check(key: Key, settings: Settings) -> None:
    if any(other.name == key.name for other in keys_of(settings)):
        raise Said(f"{settings.file or 'the configuration'} has a key {key.name!r} already; choose another name")
    bound = dict(key.labels)
    for label in (*key.may_set, *key.require):
        if flaw := flaw_of(label, label):
            raise click.UsageError(f"{label!r} is no label: {flaw}")
    for label in key.require:
        if label not in bound and label not in key.may_set:
            raise click.UsageError(f"{label!r} could never be given: add it to --may-set, or bind it with --label")
    for label in key.may_set:
        if label in bound:
            raise click.UsageError(f"{label!r} is bound with --label, so no caller can set it; leave out one")


def _is_first(store: Store, settings: Settings) -> bool:
    return not settings.keys and not store.directory.load().keys


def _row(key: Key) -> tuple[str, ...]:
    return (
        key.name,
        "" if key.source == "file" else key.id,
        key.source,
        ", ".join(f"{name}={value}" for name, value in key.labels),
        ", ".join(key.may_set),
        ", ".join(key.require),
        ", ".join(key.rights),
        f"revoked {moment(key.revoked_ms)}" if key.revoked_ms else "",
    )


def _plain(key: Key) -> dict[str, object]:
    return {
        "name": key.name,
        "id": key.id,
        "source": key.source,
        "labels": dict(key.labels),
        "may_set": key.may_set,
        "require": key.require,
        "max_values": key.max_values,
        "rights": key.rights,
        "revoked_at": stamp(key.revoked_ms),
    }
