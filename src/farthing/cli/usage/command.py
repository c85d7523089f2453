"""`farthing usage`: who spent what, summed exactly; and the reports on why, as commands below it."""

from pathlib import Path
from typing import Any

import click

from farthing.cli.commands import Commands
from farthing.cli.options import as_json, with_settings
from farthing.cli.past import grouped, open_past, time_span, where
from farthing.cli.summing import no_sum
from farthing.cli.usage.formats import FORMATS, Question, render
from farthing.config.settings import Settings

REPORTS = {
    "models": ("farthing.cli.usage.reports:models", "Which models take what share of calls, tokens and cost."),
    "cache": ("farthing.cli.usage.reports:cache", "How much input came from providers' caches, day by day."),
    "context": ("farthing.cli.usage.context:context", "How prompts grow from turn to turn of a run."),
    "burn": ("farthing.cli.usage.burn:burn_rate", "Today, this month so far, and where it will end."),
    "workflows": ("farthing.cli.usage.reports:workflows", "What a run of each workflow usually costs."),
    "drivers": ("farthing.cli.usage.drivers:drivers", "What the money went for, and what to do about it."),
}
DRIVER = "driver"


@click.group(cls=Commands, table=REPORTS, invoke_without_command=True, subcommand_metavar="[REPORT]")
@grouped("model", "Labels, or model, provider, key, outcome, tier, route, hour, day, month; or driver.")
@time_span("7d")
@where
@click.option("--format", "form", type=click.Choice(tuple(FORMATS)), default="table", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@no_sum
@as_json
@with_settings
@click.pass_context
def usage(
    context: click.Context, /, settings: Settings, by: tuple[str, ...], form: str, as_json: bool, **asked: Any
) -> None:
    """Who spent what, and why: sums, shares, caches, drivers, a forecast.

    Sums are exact. `saved` is what the same calls would have cost as they were asked (the model that was named, at its
    standard rates, nothing cached) minus what they cost.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_before(context)
        return
    form = "json" if as_json else form
    if DRIVER in by:
        from farthing.cli.usage.drivers import show_drivers

        show_drivers(settings, tuple(name for name in by if name != DRIVER), form, **asked)
        return
    question = Question(by=by, **asked)
    with open_past(settings, reads=question.times) as past:
        render(form, question, past)


def _refuse_options_before(context: click.Context) -> None:
    """Options belong to the report they change; here they would change nothing."""
    from click.core import ParameterSource

    given = [
        option
        for option in context.command.params
        if context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(
            f"write options after the report: farthing usage {context.invoked_subcommand} {given[0].opts[0]} …"
        )
