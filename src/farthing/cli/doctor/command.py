"""`farthing doctor`: every part tested, with what to do about what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
from rich.text import Text

from farthing.cli.commands import FAILED
from farthing.cli.doctor.examination import Finding, State, clock, gateway, packages, providers
from farthing.cli.doctor.store import store_findings
from farthing.cli.options import as_json, settings_from
from farthing.cli.screen import say_json, screen
from farthing.config.problems import BadConfigs

_MARKS = {State.GOOD: ("good", "green"), State.NOTE: ("note", "cyan"), State.BAD: ("BAD ", "bold red")}


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="FARTHING_CONFIG",
    help="The configuration; ./farthing.toml where there is one, else the environment.",
)
@click.option("--store", help="The store's file, instead of the one the configuration names.")
@click.option("--offline", is_flag=True, help="Do not try to reach providers.")
@as_json
@click.pass_context
def doctor(ctx: click.Context, config: Path | None, store: str | None, offline: bool, as_json: bool) -> None:
    """Test every part and say what to do.

    Looks at the configuration, the store (every balance is added up again), the providers (a connection only, nothing
    that is billed), the clock, the packages and a running gateway. Changes nothing. Exits with 1 where something is bad.
    """
    found = []
    for finding in _examine(config, store, offline=offline):
        found.append(finding)
        if not as_json:
            _show(finding)
    bad = sum(finding.state is State.BAD for finding in found)
    if as_json:
        say_json({"findings": msgspec.to_builtins(found), "bad": bad})
    else:
        click.echo(f"\n{bad} thing{'' if bad == 1 else 's'} to mend" if bad else "\nall is well")
    if bad:
        ctx.exit(FAILED)


def _examine(config: Path | None, store: str | None, *, offline: bool) -> Iterator[Finding]:
    yield from packages()
    try:
        settings = settings_from(config, store)
    except BadConfigs as wrong:
        for problem in wrong.problems:
            yield Finding(
                part="configuration", state=State.BAD, said=str(problem), do="mend it; `farthing check` tries again"
            )
        return
    yield Finding(part="configuration", state=State.GOOD, said=settings.file or "from the environment")
    for warning in settings.warnings:
        yield Finding(part="configuration", state=State.NOTE, said=str(warning))
    yield from store_findings(settings, screen(err=True))
    yield from clock(settings)
    if not offline:
        yield from providers(settings)
    yield from gateway(settings)


def _show(finding: Finding) -> None:
    mark, style = _MARKS[finding.state]
    out = screen()
    out.print(Text.assemble((mark, style), f"  {finding.part:<14} {finding.said}"), soft_wrap=True)
    if finding.do:
        out.print(
            Text(f"{'':<20} → {finding.do}", style="bold" if finding.state is State.BAD else "dim"), soft_wrap=True
        )
