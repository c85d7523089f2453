"""`farthing budgets`: limits, how they stand, and changing them in the store, with or without a gateway running."""

import click

from farthing.accounts.standing import BudgetStanding, present_accounts, standings
from farthing.cli.budgets.bars import plain, show_all, show_one
from farthing.cli.budgets.suggest import suggest_budgets
from farthing.cli.budgets.words import amount_from, budget_from, present
from farthing.cli.commands import FAILED, Said
from farthing.cli.options import Store, as_json, open_store, who, with_settings
from farthing.cli.screen import amount, say_json
from farthing.config.convert import budgets_of
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.budget import Budget, Grant


@click.group(no_args_is_help=True)
def budgets() -> None:
    """Limits: list, show, set, raise, remove.

    Changes are made in the store. A running gateway takes them up within half a second. Budgets that the configuration
    file names are changed there; they can be raised here, for their present window.
    """


budgets.add_command(suggest_budgets)


@budgets.command()
@with_settings
@as_json
def ls(settings: Settings, as_json: bool) -> None:
    """Every budget with what is spent, held and left now."""
    with open_store(settings) as store:
        found = _standings(store, settings)
    if as_json:
        say_json([plain(standing) for standing in found])
    elif not found:
        click.echo(
            "no budgets: spending is recorded and not limited; `farthing budgets set NAME --limit '$5'` makes one"
        )
    else:
        show_all(found)


@budgets.command()
@click.argument("name")
@with_settings
@as_json
def show(settings: Settings, name: str, as_json: bool) -> None:
    """One budget: its rules, every account that counts it now, and what it was raised by."""
    with open_store(settings) as store:
        budget = _find(store, settings, name)
        found = next(each for each in _standings(store, settings) if each.budget.name == budget.name)
        grants = [grant for grant in store.directory.load().grants if grant.account.budget == budget.account_name]
    if as_json:
        say_json(plain(found, grants))
    else:
        show_one(found, grants, settings.file)


@budgets.command("set")
@click.argument("name")
@click.option("--limit", metavar="AMOUNT", help="Money, like '$5' or '500 USD'.")
@click.option("--tokens", type=int, help="Input and output tokens together.")
@click.option("--input-tokens", type=int, help="Input tokens alone, cached ones included.")
@click.option("--output-tokens", type=int, help="Output tokens alone, reasoning included.")
@click.option("--calls", type=int, help="Calls of models.")
@click.option(
    "--match", multiple=True, metavar="LABEL=VALUE", help="Only calls with this label; a trailing * fits any."
)
@click.option("--each", metavar="LABEL", help="One such budget for each value of this label.")
@click.option("--window", metavar="WINDOW", help="run hour day week month lifetime (the default), or rolling:24h.")
@click.option("--tz", metavar="ZONE", help="Time zone of hour, day, week and month; UTC if not given.")
@click.option(
    "--soft", multiple=True, metavar="SHARE=ACT,ACT", help="What happens before the limit, like 0.8=alert,downgrade."
)
@click.option("--hard", type=click.Choice(("block", "approve", "off")), help="approve: ask a person. off: only count.")
@click.option("--per-call", metavar="AMOUNT", help="The most one call may cost.")
@click.option("--per-output", type=int, metavar="TOKENS", help="The most output tokens of one call.")
@click.option("--currency", metavar="CODE", help="Of its money, if not that of --limit.")
@click.option("--approve-wait", metavar="TIME", help="How long a call waits for an approval; not at all if not given.")
@click.option(
    "--land-output", type=int, metavar="TOKENS", help="Kept back for a run's last answer; 1,024 if not given."
)
@click.option("--was", metavar="NAME", help="The name it had when it first counted.")
@click.option("--floor", type=int, help="The fewest output tokens worth buying; 256 if not given.")
@click.option("--wait", metavar="TIME", help="How long a call waits for money held by others; 20s if not given.")
@click.option(
    "--unknown", type=click.Choice(("charge_hold", "charge_seen")), help="What an unknown outcome is charged."
)
@click.option("--bound", type=click.Choice(("auto", "strict")), help="strict: admit on bytes and exact counts only.")
@with_settings
def set_budget(settings: Settings, name: str, match: tuple[str, ...], soft: tuple[str, ...], **given: object) -> None:
    """Make a budget, or replace the stored one of this name whole."""
    budget = budget_from(name, match, soft, given, settings)
    _refuse_files(settings, name, "set")
    with open_store(settings, make=True) as store:
        known = any(each.name == name for each in store.directory.load().budgets)
        store.directory.put_budget(budget, who())
    amounts = " and ".join(amount(unit, limit) for unit, limit in budget.limits)
    click.echo(f"{name}: {'now' if known else 'made,'} {amounts} per {budget.window}")


@budgets.command("raise")
@click.argument("name")
@click.argument("by", metavar="AMOUNT")
@click.option("--value", default="", metavar="VALUE", help="Which of the budgets, where there is one for each value.")
@click.option("--run", default="", metavar="RUN", help="Which run, where the budget's window is a run.")
@click.option("--reason", default="", help="Kept with it.")
@with_settings
def raise_budget(settings: Settings, name: str, by: str, value: str, run: str, reason: str) -> None:
    """Add AMOUNT ('$5', '100000 tokens', '20 calls') to a budget for its present window."""
    now = wall_ms()
    with open_store(settings) as store:
        budget = _find(store, settings, name)
        unit, more = amount_from(by, budget)
        _check_place(budget, value, run)
        windows = present(budget, now, run)
        for account in present_accounts(budget, unit, value, windows):
            store.directory.grant(Grant(account=account, amount=more, by=who(), reason=reason, at_ms=now))
    until = "for its present window" if windows[0].closes_ms or run else "for good"
    whose = f" of {value}" if value else f" of the run {run}" if run else ""
    click.echo(f"{name}{whose}: {amount(unit, more)} more, {until}")


@budgets.command()
@click.argument("name")
@with_settings
def rm(settings: Settings, name: str) -> None:
    """Remove a stored budget. What it counted stays on record."""
    _refuse_files(settings, name, "removed")
    with open_store(settings) as store:
        store.directory.remove_budget(name, who())
    click.echo(f"{name} is removed")


@budgets.command()
@click.argument("gate")
@with_settings
def acknowledge(settings: Settings, gate: str) -> None:
    """Let a provider's model that broke its output cap be called again. GATE is provider/model."""
    with open_store(settings) as store:
        store.directory.acknowledge(gate, who())
    click.echo(f"{gate} may be called again")


def _standings(store: Store, settings: Settings) -> tuple[BudgetStanding, ...]:
    now = wall_ms()
    every = store.budgets(settings)
    return standings(
        every, store.records.accounts(), store.directory.load().grants, lambda budget: present(budget, now)
    )


def _find(store: Store, settings: Settings, name: str) -> Budget:
    every = store.budgets(settings)
    found = next((budget for budget in every if budget.name == name), None)
    if found is None:
        known = ", ".join(repr(budget.name) for budget in every) or "none at all"
        raise Said(f"there is no budget {name!r}; there are {known}", FAILED)
    return found


def _refuse_files(settings: Settings, name: str, what: str) -> None:
    for place, budget in enumerate(budgets_of(settings)):
        if budget.name == name:
            origin = settings.origins.get(f"budgets[{place}].name", settings.file)
            raise Said(
                f"the budget {name!r} is the configuration's ({origin}) and cannot be {what} here: change it there and "
                f"send SIGHUP to the gateway; `farthing budgets raise {name!r} AMOUNT` adds to its present window"
            )


def _check_place(budget: Budget, value: str, run: str) -> None:
    if budget.each and not value:
        raise click.UsageError(
            f"there is one {budget.name!r} for each {budget.each}: say which with --value (`(none)` for calls without one)"
        )
    if value and not budget.each:
        raise click.UsageError(f"{budget.name!r} is one budget for all; leave out --value")
    if budget.window == "run" and not run:
        raise click.UsageError(f"{budget.name!r} counts each run by itself: say which with --run")
    if run and budget.window != "run":
        raise click.UsageError(f"{budget.name!r} does not count runs; leave out --run")
