"""What `[[alerts]]` may say: rules, and the addresses that are told."""

from farthing.alerts.rule import Rule
from farthing.alerts.when import parse
from farthing.config.values import Surroundings, Wrong, plain, secret
from farthing.notify.address import Target, read_address
from farthing.providers.addresses import refused_host


def when(value: object, around: Surroundings) -> Rule:
    """A rule like `budget > 80%`."""
    return parse(plain(value, around))


def addresses(value: object, around: Surroundings) -> tuple[Target, ...]:
    """A list of addresses, each possibly a reference. Complaints never show one: it may hold a secret."""
    if not isinstance(value, list) or not value:
        raise Wrong('must be a list like ["log", "env:ALERT_URL"]; leave it out for the log alone')
    return tuple(_address(item, number, around) for number, item in enumerate(value, start=1))


def _address(value: object, number: int, around: Surroundings) -> Target:
    try:
        given = secret(value, around)
        return read_address(given.reveal(), origin=given.origin, refused=refused_host)
    except ValueError as error:
        raise Wrong(f"address {number}: {error}") from error
