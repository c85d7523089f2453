"""What every directory promises, held against each backend."""

from itertools import count

import msgspec
import pytest

from farthing.domain.budget import AccountKey, Budget, Grant, Unit
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.ports.directory import Gate
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.directory import SqliteDirectory

KEY = Key(id="k1", name="support bot", digest="ab" * 32, labels=(("team", "support"),), may_set=("user",), max_values=7)
BUDGET = Budget(
    name="support", match=(("team", "support"),), limits=((Unit.USD, 5_000_000_000), (Unit.CALLS, 10)), window="month"
)
GRANT = Grant(
    account=AccountKey("support", "", Unit.USD, "2026-11-01T00:00+00:00/month"),
    amount=2_000_000_000,
    by="ada",
    reason="a long weekend",
    at_ms=17,
)
GATE = Gate(name="openai/gpt-4o", attempt=4097, at_ms=5, detail="cap 100, reported 400")


class Backend:
    def __init__(self, kind, tmp_path):
        ticks = count(1_000)
        self.path = tmp_path / "farthing.db"
        if kind == "memory":
            self.directory = MemoryDirectory(now_ms=ticks.__next__)
        else:
            self.directory = SqliteDirectory(self.path, now_ms=ticks.__next__)

    def close_gate(self, gate: Gate) -> None:
        if isinstance(self.directory, MemoryDirectory):
            self.directory.close_gate(gate)
            return
        connection = open_database(self.path)
        connection.execute(
            "INSERT INTO gate (name, attempt, at_ms, detail) VALUES (?, ?, ?, ?)",
            (gate.name, gate.attempt, gate.at_ms, gate.detail),
        )
        connection.close()

    def audited(self) -> list[tuple[str, str, str]]:
        if isinstance(self.directory, MemoryDirectory):
            return [(entry.by, entry.action, entry.subject) for entry in self.directory.audit]
        connection = open_database(self.path)
        rows = connection.execute("SELECT by, action, subject FROM audit ORDER BY id").fetchall()
        connection.close()
        return rows


@pytest.fixture(params=["memory", "sqlite"])
def backend(request, tmp_path):
    backend = Backend(request.param, tmp_path)
    yield backend
    if request.param == "sqlite":
        backend.directory.close()


@pytest.fixture
def directory(backend):
    return backend.directory


def test_an_empty_directory_has_a_version_and_nothing_else(directory):
    stored = directory.load()
    assert stored.version == directory.version()
    assert (stored.keys, stored.budgets, stored.grants, stored.gates) == ((), (), (), ())


def test_what_is_put_in_comes_back_whole(directory):
    directory.add_key(KEY, by="ada")
    directory.put_budget(BUDGET, by="ada")
    directory.grant(GRANT)
    stored = directory.load()
    assert stored.keys == (msgspec.structs.replace(KEY, source="store"),)
    assert stored.budgets == (msgspec.structs.replace(BUDGET, source="store"),)
    assert stored.grants == (GRANT,)


def test_every_change_raises_the_version_and_says_who_made_it(backend, directory):
    backend.close_gate(GATE)
    changes = [
        (lambda: directory.add_key(KEY, by="ada"), ("ada", "key.add", "support bot")),
        (lambda: directory.revoke_key("support bot", by="bob"), ("bob", "key.revoke", "support bot")),
        (lambda: directory.put_budget(BUDGET, by="ada"), ("ada", "budget.put", "support")),
        (lambda: directory.remove_budget("support", by="bob"), ("bob", "budget.remove", "support")),
        (lambda: directory.grant(GRANT), ("ada", "grant", "support")),
        (lambda: directory.acknowledge("openai/gpt-4o", by="eve"), ("eve", "gate.acknowledge", "openai/gpt-4o")),
    ]
    for change, _ in changes:
        before = directory.version()
        change()
        assert directory.version() == before + 1
    assert backend.audited() == [entry for _, entry in changes]


@pytest.mark.parametrize(("field", "other"), [("name", {"id": "k2"}), ("id", {"name": "another"})])
def test_a_taken_name_or_id_is_refused_and_changes_nothing(backend, directory, field, other):
    directory.add_key(KEY, by="ada")
    before = directory.load()
    with pytest.raises(BadRequest, match="already") as refused:
        directory.add_key(msgspec.structs.replace(KEY, digest="cd" * 32, **other), by="bob")
    assert refused.value.field == field
    assert directory.load() == before
    assert len(backend.audited()) == 1


def test_a_revoked_key_stays_known_as_revoked_and_its_name_taken(directory):
    directory.add_key(KEY, by="ada")
    directory.revoke_key(KEY.name, by="ada")
    (key,) = directory.load().keys
    assert key.revoked_ms > 0
    with pytest.raises(BadRequest, match="already"):
        directory.add_key(KEY, by="ada")


def test_revoking_twice_changes_nothing(backend, directory):
    directory.add_key(KEY, by="ada")
    directory.revoke_key(KEY.name, by="ada")
    before = directory.load()
    directory.revoke_key(KEY.name, by="bob")
    assert directory.load() == before
    assert len(backend.audited()) == 2


def test_a_budget_of_the_same_name_is_replaced(directory):
    directory.put_budget(BUDGET, by="ada")
    directory.put_budget(msgspec.structs.replace(BUDGET, window="day"), by="ada")
    (budget,) = directory.load().budgets
    assert budget.window == "day"


def test_grants_add_up_and_keep_their_order(directory):
    more = msgspec.structs.replace(GRANT, amount=1)
    directory.grant(GRANT)
    directory.grant(more)
    directory.grant(more)
    assert directory.load().grants == (GRANT, more, more)


def test_a_closed_gate_is_shown_until_someone_acknowledges_it(backend, directory):
    backend.close_gate(GATE)
    assert directory.load().gates == (GATE,)
    directory.acknowledge(GATE.name, by="ada")
    assert directory.load().gates == ()
    with pytest.raises(BadRequest, match="no gate"):
        directory.acknowledge(GATE.name, by="ada")


def test_what_is_not_there_cannot_be_changed(backend, directory):
    before = directory.version()
    for change in (directory.revoke_key, directory.remove_budget, directory.acknowledge):
        with pytest.raises(BadRequest, match="no "):
            change("nothing", by="ada")
    assert directory.version() == before
    assert backend.audited() == []
