"""`farthing runs retire` and `restore`: a deployment that is no longer in use, whose agents should have stopped."""

import click

from farthing.cli.options import as_json, with_settings
from farthing.cli.runs.suspending import resume, suspend, why_so
from farthing.config.settings import Settings
from farthing.domain.suspension import DEPLOYMENT


@click.command()
@click.argument("deployment")
@why_so
@with_settings
@as_json
def retire(settings: Settings, deployment: str, why: str, as_json: bool) -> None:
    """Retire a deployment: whatever still calls with the label `deployment=NAME` is an orphan.

    Its calls are refused as `run_orphaned`, and an alert on `orphan` tells of them. A trailing `*` retires every
    deployment with that beginning.
    """
    suspend(settings, (DEPLOYMENT, deployment), None, why, as_json=as_json)


@click.command()
@click.argument("deployment")
@with_settings
@as_json
def restore(settings: Settings, deployment: str, as_json: bool) -> None:
    """Take a retired deployment back into use."""
    resume(settings, (DEPLOYMENT, deployment), as_json=as_json)
