"""What every store of suspensions and runs promises, held against each backend."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.domain.suspension import Suspension
from farthing.stores.memory.guards import MemoryGuards
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.guards import SqliteGuards

ANN = Suspension(label="user", value="ann", by="root", why="a leak", until_ms=90_000)


class Time:
    def __init__(self):
        self.now_ms = 1_000

    def __call__(self):
        return self.now_ms


class Backend:
    def __init__(self, kind, folder):
        self.time = Time()
        self.path = folder / "farthing.db"
        self.kind = kind
        self.guards = MemoryGuards(now_ms=self.time) if kind == "memory" else SqliteGuards(self.path, now_ms=self.time)

    def audited(self):
        if self.kind == "memory":
            return [(each.by, each.action, each.subject) for each in self.guards.audit]
        connection = open_database(self.path)
        rows = connection.execute("SELECT by, action, subject FROM audit ORDER BY id").fetchall()
        connection.close()
        return rows


@pytest.fixture(params=["memory", "sqlite"])
def backend(request, tmp_path):
    made = Backend(request.param, tmp_path)
    yield made
    made.guards.close()


@pytest.fixture
def guards(backend):
    return backend.guards


def test_nothing_is_known_at_first(guards):
    known = guards.known()
    assert (known.suspensions, known.resumed, known.runs) == ((), (), ())


def test_a_suspension_is_known_until_it_is_lifted(backend, guards):
    guards.suspend(ANN)
    (found,) = guards.known().suspensions
    assert (found.subject, found.until_ms, found.by, found.why, found.at_ms) == (
        ("user", "ann"), 90_000, "root", "a leak", 1_000,
    )  # fmt: skip
    assert guards.resume(("user", "ann"), "eve")
    assert guards.known().suspensions == ()
    assert backend.audited() == [("root", "suspend", "user ann"), ("eve", "resume", "user ann")]


def test_a_later_suspension_takes_the_place_of_an_earlier_one_and_of_a_lifted_one(guards):
    guards.suspend(ANN)
    guards.suspend(Suspension(label="user", value="ann", by="root", why="again"))
    assert [each.why for each in guards.known().suspensions] == ["again"]
    guards.resume(("user", "ann"), "eve")
    guards.suspend(ANN)
    assert [each.why for each in guards.known().suspensions] == ["a leak"]


def test_resuming_what_was_not_suspended_is_told_all_the_same(guards):
    before = guards.known().version
    assert not guards.resume(("run", "r1"), "eve")
    assert guards.known(before).resumed == (("run", "r1"),)
    assert guards.known(guards.known().version).resumed == ()


def test_only_what_changed_since_a_version_is_told(guards):
    guards.start("r1", by="bot", who="key bot")
    first = guards.known()
    guards.start("r2", by="bot", who="key bot")
    assert [run.name for run in guards.known(first.version).runs] == ["r2"]
    assert {run.name for run in guards.known().runs} == {"r1", "r2"}
    assert guards.known().version > first.version


def test_a_started_run_is_kept_with_its_parent_promise_and_labels(backend, guards):
    guards.start("r1", by="bot", who="key bot")
    made = guards.start("r2", by="bot", parent="r1", beat_every_ms=30_000, labels=(("team", "a"),), who="key bot")
    (found,) = [run for run in guards.known().runs if run.name == "r2"]
    assert found == made
    assert (found.owner, found.parent, found.labels) == ("bot", "r1", (("team", "a"),))
    assert (found.started_ms, found.beat_ms, found.beat_every_ms) == (1_000, 1_000, 30_000)
    assert ("key bot", "run.start", "r2") in backend.audited()


def test_starting_again_is_safe_and_forgets_nothing(backend, guards):
    guards.start("r1", by="bot", beat_every_ms=30_000, labels=(("team", "a"),), who="key bot")
    backend.time.now_ms = 2_000
    again = guards.start("r1", by="bot", who="key bot")
    assert (again.started_ms, again.beat_every_ms, again.labels) == (1_000, 30_000, (("team", "a"),))


def test_a_run_of_another_key_is_not_ones_own(guards):
    guards.start("r1", by="bot", who="key bot")
    for act in (
        lambda: guards.start("r1", by="eve", who="key eve"),
        lambda: guards.beat("r1", by="eve", admin=False),
        lambda: guards.end("r1", by="eve", admin=False, who="key eve"),
    ):
        with pytest.raises(BadRequest, match=r"another key|belongs to") as caught:
            act()
        assert caught.value.status == 403
    assert guards.known().runs[0].ended_ms is None


def test_an_ended_run_cannot_be_started_again(guards):
    guards.start("r1", by="bot", who="key bot")
    assert guards.end("r1", by="bot", admin=False, who="key bot").ended_ms == 1_000
    with pytest.raises(BadRequest, match="has ended") as caught:
        guards.start("r1", by="bot", who="key bot")
    assert caught.value.status == 409


def test_a_run_cannot_be_above_itself(guards):
    guards.start("r1", by="bot", who="key bot")
    guards.start("r2", by="bot", parent="r1", who="key bot")
    with pytest.raises(BadRequest, match="started itself"):
        guards.start("r1", by="bot", parent="r2", who="key bot")


def test_an_administrator_ends_what_nobody_announced_and_others_do_not(guards):
    with pytest.raises(BadRequest) as caught:
        guards.end("r9", by="bot", admin=False, who="key bot")
    assert caught.value.status == 404
    assert guards.end("r9", by="", admin=True, who="root").ended_ms == 1_000


def test_beats_are_told_at_once_and_kept_when_others_must_know(backend, guards):
    guards.start("r1", by="bot", beat_every_ms=30_000, who="key bot")
    version = guards.known().version
    backend.time.now_ms = 5_000
    assert guards.beat("r1", by="bot", admin=False).beat_ms == 5_000
    assert guards.known().version == version
    backend.time.now_ms = 16_000
    guards.beat("r1", by="bot", admin=False)
    assert [run.beat_ms for run in guards.known(version).runs] == [16_000]


def test_a_new_promise_is_kept_at_once(guards):
    guards.start("r1", by="bot", who="key bot")
    guards.beat("r1", by="bot", admin=False, beat_every_ms=5_000)
    assert guards.known().runs[0].beat_every_ms == 5_000


def test_there_is_no_beat_of_a_run_that_nobody_announced(guards):
    with pytest.raises(BadRequest) as caught:
        guards.beat("r1", by="bot", admin=False)
    assert caught.value.status == 404


def test_an_administrator_lets_a_run_go_on(backend, guards):
    assert guards.reopen("r1", who="root") is None
    guards.start("r1", by="bot", beat_every_ms=1_000, who="key bot")
    guards.land("r1", agent="a")
    guards.end("r1", by="bot", admin=False, who="key bot")
    run = guards.reopen("r1", who="root")
    assert (run.ended_ms, run.landed, run.beat_every_ms) == (None, (), None)
    assert guards.known().runs == (run,)
    assert ("root", "run.resume", "r1") in backend.audited()


def test_each_agent_of_a_run_lands_once(guards):
    assert guards.land("r1", agent="a")
    assert not guards.land("r1", agent="a")
    assert guards.land("r1", agent="b")
    assert guards.known().runs[0].landed == ("a", "b")


def test_a_landing_that_was_not_sent_is_given_back(backend, guards):
    assert not guards.unland("r1", agent="a")
    guards.land("r1", agent="a")
    guards.land("r1", agent="b")
    assert guards.unland("r1", agent="a")
    assert guards.known().runs[0].landed == ("b",)
    assert guards.land("r1", agent="a")
    assert ("a budget", "run.unland", "r1") in backend.audited()


def test_who_lives_is_not_bereft(guards):
    guards.start("r1", by="", beat_every_ms=60_000, who="sdk", here=True)
    assert guards.bereave() == ()
    assert not guards.known().runs[0].gone


def test_what_is_stored_survives_and_makes_other_processes_look(tmp_path):
    path = tmp_path / "farthing.db"
    directory = SqliteDirectory(path, now_ms=Time())
    before = directory.version()
    guards = SqliteGuards(path, now_ms=Time())
    guards.suspend(ANN)
    guards.start("r1", by="bot", who="key bot")
    guards.close()
    assert directory.version() > before
    again = SqliteGuards(path, now_ms=Time())
    assert [each.subject for each in again.known().suspensions] == [("user", "ann")]
    assert [run.name for run in again.known().runs] == ["r1"]
    again.close()
    directory.close()


def test_runs_that_nobody_spoke_for_in_a_month_are_forgotten(tmp_path):
    time = Time()
    guards = SqliteGuards(tmp_path / "farthing.db", now_ms=time)
    guards.start("old", by="bot", who="key bot")
    time.now_ms += 31 * 86_400_000
    guards.start("new", by="bot", who="key bot")
    assert [run.name for run in guards.known().runs] == ["new"]
    guards.close()
