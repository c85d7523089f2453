"""Budgets and grants as the file stores them: read for the directory, and by the ledger inside its own transactions."""

import sqlite3
from collections.abc import Iterator

import msgspec

from farthing.domain.budget import AccountKey, Budget, Grant, Unit
from farthing.stores.sqlite.statements import sql

_read_budget = msgspec.json.Decoder(Budget).decode


class Unreadable(sqlite3.OperationalError):
    """What is stored makes no sense to this version: as bad as a file that cannot be read."""


def budgets(connection: sqlite3.Connection) -> Iterator[Budget]:
    """By name. Raises sqlite3.Error."""
    for name, document in connection.execute(sql("stored_budgets")):
        try:
            yield _read_budget(document)
        except msgspec.MsgspecError as error:
            raise Unreadable(f"the stored budget {name!r} cannot be understood: {error}") from error


def grants(connection: sqlite3.Connection) -> Iterator[Grant]:
    """In the order in which they were made. Raises sqlite3.Error."""
    for budget, value, unit, window, amount, by, reason, at_ms in connection.execute(sql("stored_grants")):
        account = AccountKey(budget, value, Unit(unit), window)
        yield Grant(account=account, amount=amount, by=by, reason=reason, at_ms=at_ms)


def add_grant(connection: sqlite3.Connection, grant: Grant) -> int:
    """In the caller's transaction, which also tells other processes and the audit. Returns its number there. Raises
    sqlite3.Error."""
    row = (*grant.account, grant.amount, grant.by, grant.reason, grant.at_ms)
    number = connection.execute(sql("stored_grant_add"), row).lastrowid
    assert number is not None
    return number
