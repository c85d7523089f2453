"""`farthing run`: any command behind a private gateway, under a budget of its own."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click
import msgspec

from farthing.accounts.run_paper import run_paper
from farthing.accounts.run_receipt import run_receipt
from farthing.accounts.run_view import run_view
from farthing.cli.budgets.words import budget_settings
from farthing.cli.commands import BAD_CONFIG, STOPPED, Said
from farthing.cli.joining import check_known, joined, outside
from farthing.cli.options import labels, store_url
from farthing.cli.private import BASE_URLS, FORMATS, Private, held_by, private_gateway
from farthing.cli.receipt.command import cards, receipts_of
from farthing.cli.run.background import Background, background_gateway
from farthing.cli.run.child import run_child
from farthing.cli.run.clients import as_direct, deaf, known_program, led, own_login
from farthing.cli.run.status import left_of, status
from farthing.cli.screen import quantity, say_json
from farthing.config.convert import limits_of
from farthing.config.load import load
from farthing.domain.ids import same_maker
from farthing.domain.record import Labels
from farthing.ports.records import CallSummary, Records

NOT_FOUND = 127
CANNOT_RUN = 126
BUDGET_CODES = ("budget_exceeded", "budget_reserved")
_PAGE = 500


@click.command(context_settings={"allow_interspersed_args": False}, options_metavar="[OPTIONS] --")
@click.option("--budget", metavar="AMOUNT", help="Money, like '$5'.")
@click.option("--tokens", type=int, help="Input and output tokens together.")
@click.option("--calls", type=int, help="Calls of models; each try that a client makes again is one.")
@labels
@click.option("--config", type=click.Path(path_type=Path), help="Providers, prices and further budgets from this file.")
@click.option("--store", help="Keep accounts and records in this file; otherwise they go with the run.")
@click.option("--pass-through", is_flag=True, help="The command keeps its own provider keys; the gateway holds none.")
@click.option("--json", "as_json", is_flag=True, help="The receipt as JSON (on stderr, like the plain one).")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(  # noqa: PLR0913 - one for each option
    ctx: click.Context,
    *,
    budget: str | None,
    tokens: int | None,
    calls: int | None,
    labels: Labels,
    config: Path | None,
    store: str | None,
    pass_through: bool,
    as_json: bool,
    command: tuple[str, ...],
) -> None:
    """Run any command under a budget of its own.

    \b
      farthing run --budget '$5' -- python agent.py

    The command is given OPENAI_BASE_URL, ANTHROPIC_BASE_URL, GOOGLE_GEMINI_BASE_URL and FARTHING_RUN, and, where a
    provider's key is in the environment, a key for this run in its place. Its exit code is ours, or 75 where it failed and
    its budget had refused a call. The receipt goes to stderr; what is left is shown in the terminal's title meanwhile.
    """
    around = joined(os.environ, store)
    labels = tuple(sorted({**dict(labels), **dict(around.labels)}.items())) if around.store else labels
    name = dict(labels).get("run") or dict(around.labels).get("run") or f"run-{secrets.token_hex(4)}"
    limits = {"limit": budget, "tokens": tokens, "calls": calls}
    limited = any(limit is not None for limit in limits.values())
    with _place(around.store or store, config) as place:
        settings = load(config, os.environ, {"store.url": place})
        own = own_login(command, held_by(settings))
        if own and not pass_through:
            _say(f"no key of {own}'s provider here: credentials of the command's own go on to the providers themselves")
        private = private_gateway(
            settings,
            run=name,
            labels=labels,
            budget=budget_settings(f"farthing run {name}", limits, option={"limit": "budget"}) if limited else None,
            pass_through=pass_through or bool(own),
            secret=f"fr_{secrets.token_urlsafe(32)}",
        )
        check_known(around, private.secret)
        with background_gateway(private.settings, what=f"run {name}") as gateway:
            first = _begin(private, gateway)
            words = led(command, gateway.url, limited=limited)
            _say_how(command, words, private, gateway.url)
            with status(lambda: _left(private, gateway)) if limited else nullcontext():
                code = _run(words, private, gateway)
            stopped = _report(private, gateway, first, as_json)
    ctx.exit(STOPPED if stopped and code else code)


@contextmanager
def _place(store: str | None, config: Path | None) -> Iterator[str | None]:
    """The store's address: the one that was named, else the configuration's (None), else one that goes with the run."""
    if store is not None or config is not None:
        yield store_url(store)
        return
    with tempfile.TemporaryDirectory(prefix="farthing-run-") as folder:
        yield store_url(f"{folder}/run.db")


def _begin(private: Private, gateway: Background) -> int:
    """Say how it is governed. Returns an id below those of all its calls."""
    engine = gateway.engine
    assert engine is not None
    if not private.secret and engine.keys:
        raise Said(
            "the store has keys, so callers' own credentials cannot pass through; use another --store", BAD_CONFIG
        )
    missing = [format_ for format_ in FORMATS if format_ not in private.held]
    if private.secret and missing:
        variables = " or ".join(f"{format_.upper()}_API_KEY" for format_ in missing)
        _say(f"no {variables} here: calls to {' and '.join(missing)} are refused in this run")
    return engine.mint(engine.now_ms())


def _say_how(command: tuple[str, ...], words: tuple[str, ...], private: Private, url: str) -> None:
    """Say what was set, and of what goes past it. Never a key."""
    _say(f"{', '.join(BASE_URLS)} lead to {url}, run {private.run}")
    program = known_program(command)
    if program is not None:
        given = [f"{name}={value}" for name, value in as_direct(os.environ).items()] if program.name == "claude" else []
        added = [word for word in words[program.at + 1 :] if word not in command and word != "-c"]
        said = [*given, *(f"-c {word}" for word in added)]
        if said:
            _say(f"{program.name} is given {' '.join(said)}")
    if warning := deaf(command):
        _say(warning)


def _say(text: str) -> None:
    click.echo(f"farthing: {text}", err=True)


def _left(private: Private, gateway: Background) -> str:
    assert private.budget is not None
    assert gateway.engine is not None
    return left_of(limits_of(private.budget), gateway.engine.records.accounts(private.budget.name))


def _run(command: tuple[str, ...], private: Private, gateway: Background) -> int:
    try:
        return run_child(command, private.environment(gateway.url, outside(os.environ)))
    except FileNotFoundError as error:
        raise Said(f"there is no command {command[0]!r}", NOT_FOUND) from error
    except OSError as error:
        raise Said(f"{command[0]!r} cannot be run: {error.strerror}", CANNOT_RUN) from error


def _report(private: Private, gateway: Background, first: int, as_json: bool) -> bool:
    """Print the receipt. True where its budget refused a call."""
    gateway.flush()
    assert gateway.engine is not None
    records = gateway.engine.records
    calls = list(_calls_since(records, first))
    total = run_receipt(receipts_of((records.call(call.id) for call in calls), cards(private.settings)))
    receipt = run_view(private.run, total)
    limits = list(_limits(private, records))
    if as_json:
        amounts = [{"unit": unit, "limit": limit, "spent": spent} for unit, limit, spent in limits]
        say_json({**msgspec.to_builtins(receipt), "limits": amounts}, err=True)
    else:
        click.echo(f"\n{run_paper(receipt)}", nl=False, err=True)
        for unit, limit, spent in limits:
            click.echo(
                f"budget: {spent} of {limit} {'' if unit == 'usd' else unit.replace('_', ' ') + ' '}spent", err=True
            )
    return any(call.code in BUDGET_CODES for call in calls)


def _limits(private: Private, records: Records) -> Iterator[tuple[str, str, str]]:
    """Unit, limit and what is spent (unknown outcomes included) of the run's own budget."""
    if private.budget is None:
        return
    spent = {each.account.unit: each.posted + each.unknown for each in records.accounts(private.budget.name)}
    for unit, limit in limits_of(private.budget):
        yield unit.value, quantity(unit, limit), quantity(unit, spent.get(unit, 0))


def _calls_since(records: Records, first: int) -> Iterator[CallSummary]:
    """The calls that this gateway made since, newest first: others may share the store."""
    before: int | None = None
    while page := records.recent(limit=_PAGE, before_id=before):
        for call in page:
            if call.id <= first:
                return
            if same_maker(call.id, first):
                yield call
        before = page[-1].id
