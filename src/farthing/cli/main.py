"""`farthing`: the list of all commands."""

from typing import Any

import click

from farthing import __version__
from farthing.cli.commands import EXIT_CODES, Commands

COMMANDS = {
    "demo": ("farthing.cli.demo:demo", "See it work: an agent, budgets, a burst. No key, no network."),
    "serve": ("farthing.cli.serve:serve", "Run the gateway."),
    "run": ("farthing.cli.run.command:run", "Run any command under a budget of its own."),
    "init": ("farthing.cli.init:init", "Write a first farthing.toml from what is in the environment."),
    "check": ("farthing.cli.check:check", "Check a configuration and explain it back."),
    "doctor": ("farthing.cli.doctor.command:doctor", "Test every part and say what to do."),
    "budgets": ("farthing.cli.budgets.command:budgets", "Limits: list, show, set, raise, remove."),
    "keys": ("farthing.cli.keys:keys", "Virtual keys: list, make, revoke, suspend, resume."),
    "runs": ("farthing.cli.runs.command:runs", "Runs: list, show, end; suspend and resume a run, a user, an agent."),
    "alerts": ("farthing.cli.alerts:alerts", "Alerts: list, show, acknowledge; rules, and a test of every address."),
    "approvals": (
        "farthing.cli.approvals:approvals",
        "What calls wait for people to allow: list, show, approve, decline.",
    ),
    "calls": ("farthing.cli.calls:calls", "Recorded calls: list, show, settle."),
    "receipt": ("farthing.cli.receipt.command:receipt", "The whole account of one call."),
    "top": ("farthing.cli.top.command:top", "What is spent now, by whom, and how budgets stand."),
    "usage": (
        "farthing.cli.usage.command:usage",
        "Who spent what, and why: sums, shares, caches, drivers, a forecast.",
    ),
    "outcomes": (
        "farthing.cli.outcomes:outcomes",
        "Outcomes: what runs came to, their other costs, what a success costs.",
    ),
    "replay": ("farthing.cli.replay.command:replay", "The same history under another policy: what it would have cost."),
    "bill": (
        "farthing.cli.bill.command:bill",
        "What each month cost whom: statements, FOCUS, closing a month, reconciliation.",
    ),
    "audit": ("farthing.cli.audit:audit", "Who changed what, and proof that nothing else did: verify, seal, export."),
    "prices": ("farthing.cli.prices:prices", "The price book: look up a model, check that nothing is unpriced."),
    "metrics": (
        "farthing.cli.metrics:metrics",
        "What Prometheus is told: the figures, and a Grafana dashboard for them.",
    ),
    "simulate": ("farthing.cli.simulate:simulate", "A simulated provider to test agents with."),
}


@click.command(
    name="farthing",
    cls=Commands,
    table=COMMANDS,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
@click.version_option(__version__, prog_name="farthing", message="%(prog)s %(version)s")
@click.option("--traceback", is_flag=True, hidden=True, help="Show where an error of Farthing's own came from.")
def main(**_: Any) -> None:
    """Budgets for AI agents that cannot be overspent.

    Begin with `farthing demo`; then `farthing serve`, and point a client's base URL at it.
    """
