"""`farthing check`: is a configuration right, and what does it mean?"""

from pathlib import Path

import click

from farthing.cli.commands import BAD_CONFIG, FAILED
from farthing.cli.options import as_json, config_file, settings_from
from farthing.cli.screen import say_json
from farthing.config.explain import explain
from farthing.config.problems import BadConfigs, Problem


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False, envvar="FARTHING_CONFIG")
@click.option("--strict", is_flag=True, help="Exit with 1 where there is only a warning.")
@as_json
@click.pass_context
def check(ctx: click.Context, file: Path | None, strict: bool, as_json: bool) -> None:
    """Check a configuration and explain it back.

    FILE is ./farthing.toml where none is named, else what the environment says. Exits with 78 where it cannot be used.
    """
    try:
        settings = settings_from(file)
    except BadConfigs as wrong:
        _say_wrong(wrong, as_json)
        ctx.exit(BAD_CONFIG)
    if as_json:
        say_json({"file": settings.file or None, "problems": [], "warnings": list(map(_plain, settings.warnings))})
    else:
        click.echo(explain(settings), nl=False)
        click.echo(f"\n{config_file(file) or 'the environment'}: good")
    if strict and settings.warnings:
        ctx.exit(FAILED)


def _say_wrong(wrong: BadConfigs, as_json: bool) -> None:
    if as_json:
        say_json({"file": wrong.file or None, "problems": list(map(_plain, wrong.problems)), "warnings": []})
        return
    for problem in wrong.problems:
        click.echo(str(problem), err=True)
    count = len(wrong.problems)
    click.echo(f"farthing: {count} problem{'' if count == 1 else 's'}; a gateway would not start with it", err=True)


def _plain(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file or None,
        "line": problem.line or None,
        "field": problem.field,
        "message": problem.message,
    }
