"""Which rules hold, and who is told: those of the file, those of budgets' soft thresholds, and what is always told."""

from collections.abc import Iterable, Sequence

from farthing.alerts.budgets import soft_rules
from farthing.alerts.watch import Watched, merged
from farthing.alerts.when import parse
from farthing.config.settings import File
from farthing.domain.budget import Budget
from farthing.notify.address import LOG, Target
from farthing.ports.alerts import Address

ALWAYS = ("loop", "suspended", "orphan", "approval", "provider_overran")
"""What stops somebody's work is told to the log at least, where no rule of the file names it."""


def said_rules(settings: File, budgets: Iterable[Budget]) -> tuple[Watched, ...]:
    """What somebody asked for. A soft threshold names no address: it is told to everybody whom any rule names."""
    said = [Watched(rule=alert.when, to=_told(alert.to)) for alert in settings.alerts]
    everybody = _told(_named(settings))
    return merged([*said, *(Watched(rule=rule, to=everybody) for rule in soft_rules(budgets))])


def watched_of(settings: File, budgets: Iterable[Budget]) -> tuple[Watched, ...]:
    """Every rule in force."""
    named = {alert.when.event for alert in settings.alerts}
    always = [Watched(rule=parse(event), to=(LOG.address,)) for event in ALWAYS if event not in named]
    return (*said_rules(settings, budgets), *always)


def targets_of(settings: File) -> tuple[Target, ...]:
    """Every address that may be told anything: the log, and those of the file."""
    return tuple(dict.fromkeys((LOG, *_named(settings))))


def _named(settings: File) -> tuple[Target, ...]:
    return tuple(dict.fromkeys(target for alert in settings.alerts for target in alert.to))


def _told(targets: Sequence[Target]) -> tuple[Address, ...]:
    return tuple(target.address for target in targets or (LOG,))
