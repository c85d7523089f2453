"""What would bring a name back is named, with what to do."""

import pytest

from farthing.domain.budget import Budget, Unit
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.forgetting.living import refuse_in_force, refuse_open
from farthing.stores.sqlite.forgetting.rows import Erasing
from support.audited import fill

IT = Erasing("user", "alice", "P")


def test_keys_and_budgets_are_named_five_at_most(tmp_path):
    path = tmp_path / "a.db"
    directory = SqliteDirectory(path, now_ms=lambda: 1)
    for number in range(4):
        directory.add_key(Key(name=f"k{number}", id=f"{number}", digest="d", labels=(("user", "alice"),)), "root")
        directory.put_budget(Budget(name=f"b{number}", limits=((Unit.USD, 1),), match=(("user", "alice"),)), "root")
    directory.add_key(Key(name="team", id="t", digest="d", labels=(("team", "alice"),)), "root")
    directory.close()
    connection = open_database(path)
    with pytest.raises(BadRequest, match=r"'k0' \(`farthing keys revoke`\), .*'b0' .* and 3 more; take these") as said:
        refuse_in_force(connection, IT)
    assert said.value.status == 409
    assert "'team'" not in str(said.value)
    refuse_in_force(connection, Erasing("user", "bob", "P"))
    connection.close()


def test_open_calls_are_counted(tmp_path):
    fill(tmp_path / "a.db")
    connection = open_database(tmp_path / "a.db")
    refuse_open(connection, IT)
    (name,) = connection.execute(
        "SELECT json_extract(labels, '$.user') FROM call JOIN attempt ON attempt.id = call.id + 1 WHERE state < 2"
    ).fetchone()
    with pytest.raises(BadRequest, match=r"calls of the user .* are open"):
        refuse_open(connection, Erasing("user", name, "P"))
    connection.close()
