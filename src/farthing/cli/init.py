"""`farthing init`: a first farthing.toml, from what is in the environment. Small, commented, and valid."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from farthing.cli.commands import Said
from farthing.config.environment import DEFAULT_URLS, variables_of
from farthing.config.load import DEFAULT_FILE, load

_TOP = """\
# Farthing: budgets that cannot be overspent. `farthing check` explains this file back; `farthing serve` runs it.
# After a change: kill -HUP the gateway. A file with a mistake changes nothing.

[store]
url = "sqlite:///farthing.db"       # accounts and records; keep it on a local disk
"""

_BUDGETS = """
# What all calls together may cost in a month. A call that does not fit is refused before anything is sent.
[[budgets]]
name = "everything, monthly"
limit = "50 USD"
window = "month"                    # or run, hour, day, week, lifetime, rolling:24h

# The same for each user and day: the label comes from the caller, or from its key.
# [[budgets]]
# name = "each user, daily"
# each = "user"
# limit = "2 USD"
# window = "day"

# Without keys, callers on this machine need none and others are refused. `farthing keys new NAME` makes one in the
# store; here its secret comes from the environment:
# [[keys]]
# name = "support bot"
# secret = "env:SUPPORT_BOT_KEY"
# labels = { team = "support" }
# may_set = ["user", "run"]
"""


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT_FILE)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--print", "only_print", is_flag=True, help="Print it and write nothing.")
def init(file: Path, force: bool, only_print: bool) -> None:
    """Write a first farthing.toml from what is in the environment."""
    text = first_config(os.environ)
    if only_print:
        click.echo(text, nl=False)
        return
    try:
        with file.open("w" if force else "x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise Said(f"{file} is there already; `farthing check` explains it, --force replaces it") from error
    except OSError as error:
        raise Said(f"{file} cannot be written: {error.strerror}") from error
    settings = load(file, os.environ)
    click.echo(f"{file} is written and good")
    if not settings.providers:
        click.echo(
            "  but it has no provider: set OPENAI_API_KEY or ANTHROPIC_API_KEY and `farthing init --force`, or edit it"
        )
    click.echo("  farthing check    what it means")
    click.echo("  farthing serve    run it")


def first_config(environment: Mapping[str, str]) -> str:
    """The text: a section for each provider whose variables are set, the others as comments."""
    sections = [_provider(name, environment) for name in DEFAULT_URLS]
    return "\n".join([_TOP, *sections]) + _BUDGETS


def _provider(name: str, environment: Mapping[str, str]) -> str:
    key, url = variables_of(name, environment)
    has_key, has_url = bool(environment.get(key)), bool(environment.get(url))
    lines = [
        f"[providers.{name}]",
        f'format = "{name}"',
        f'base_url = "env:{url}"' if has_url else f'base_url = "{DEFAULT_URLS[name]}"',
        f'api_key = "env:{key}"'
        if has_key
        else f'# api_key = "env:{key}"          # without one, callers send their own',
    ]
    used = has_key or has_url
    return "\n".join(lines if used else [f"# {line.removeprefix('# ')}" for line in lines]) + "\n"
