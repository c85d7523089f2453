"""What every store of approvals promises, held against each backend."""

import sqlite3
import threading

import msgspec
import pytest

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.errors import BadRequest
from farthing.ports.approvals import MOST_OPEN, NO_FOR_MS, OPEN_FOR_MS, Petition
from farthing.stores.memory.approvals import MemoryApprovals
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.sqlite.approvals import SqliteApprovals
from farthing.stores.sqlite.directory import SqliteDirectory

NOW = 1_790_000_000_000
HOUR = 3_600_000
EUR = Unit("eur")


def account(budget="all", value="", unit=Unit.USD, window="lifetime"):
    return AccountKey(budget, value, unit, window)


def petition(*accounts, closes_ms=0, **more):
    every = tuple((each, closes_ms) for each in accounts or (account(),))
    given = {"budget": every[0][0].budget, "short": 500, "limit": 1_000, "spent": 900, "worst": 600, "model": "m"}
    return Petition(accounts=every, **{**given, **more})


class Backend:
    def __init__(self, kind, folder):
        self.path = folder / "farthing.db"
        self.kind = kind
        self.directory = (
            MemoryDirectory(now_ms=lambda: NOW) if kind == "memory" else SqliteDirectory(self.path, now_ms=lambda: NOW)
        )
        self.store = MemoryApprovals(self.directory) if kind == "memory" else SqliteApprovals(self.path)

    def audited(self):
        if self.kind == "memory":
            return [(each.by, each.action) for each in self.directory.audit]
        connection = sqlite3.connect(self.path)
        rows = connection.execute("SELECT by, action FROM audit ORDER BY id").fetchall()
        connection.close()
        return rows

    def grants(self):
        return [(each.account, each.amount) for each in self.directory.load().grants]

    def close(self):
        self.store.close()
        if self.kind == "sqlite":
            self.directory.close()


@pytest.fixture(params=["memory", "sqlite"])
def backend(request, tmp_path):
    made = Backend(request.param, tmp_path)
    yield made
    made.close()


@pytest.fixture
def store(backend):
    return backend.store


def test_a_request_is_kept_as_it_was_asked_and_is_pending(store):
    asked = petition(
        account("eu", "ann", EUR, "2026-11-01T00:00+00:00/month"),
        closes_ms=NOW + HOUR,
        call=7,
        key="bot",
        labels=(("team", "a"),),
        scope=(("team", "a"),),
    )
    made = store.ask(16, asked, NOW)
    assert (made.id, made.state, made.asked_ms, made.petition) == (16, "pending", NOW, asked)
    assert store.find(16, NOW) == made
    assert store.find(17, NOW) is None
    assert made.petition.account.unit is EUR


def test_a_request_is_open_for_a_day_or_until_its_window_closes(store):
    assert store.ask(1, petition(), NOW).expires_ms == NOW + OPEN_FOR_MS
    assert store.ask(2, petition(account("b"), closes_ms=NOW + HOUR), NOW).expires_ms == NOW + HOUR


def test_a_rolling_request_is_open_as_long_as_its_last_window(store):
    one, two = account(window="a"), account(window="b")
    rolling = msgspec.structs.replace(petition(), accounts=((one, NOW + HOUR), (two, NOW + 2 * HOUR)))
    assert store.ask(1, rolling, NOW).expires_ms == NOW + 2 * HOUR


def test_later_calls_join_the_request_that_is_open(store):
    assert store.ask(1, petition(), NOW).id == 1
    assert store.ask(2, petition(call=9), NOW + 5).id == 1
    assert len(store.recent(limit=10, now_ms=NOW)) == 1


def test_a_request_asks_for_what_the_hungriest_call_needs(store):
    store.ask(1, petition(short=500, worst=600), NOW)
    store.ask(2, petition(short=800, worst=550), NOW)
    store.ask(3, petition(short=100, worst=100), NOW)
    found = store.find(1, NOW).petition
    assert (found.short, found.worst) == (800, 600)


@pytest.mark.parametrize(
    "other",
    [petition(account("b")), petition(account(value="ann")), petition(account(unit=Unit.TOKENS)),
     petition(account(window="w2")), petition(at_millionths=800_000)],
    ids=["budget", "value", "unit", "window", "threshold"],
)  # fmt: skip
def test_another_account_or_kind_is_another_request(store, other):
    assert store.ask(1, petition(), NOW).id == 1
    assert store.ask(2, other, NOW).id == 2


def test_calls_that_ask_at_once_make_one_request(backend):
    stores = [backend.store] * 8
    if backend.kind == "sqlite":  # as other processes do: each with a connection of its own
        stores = [SqliteApprovals(backend.path) for _ in range(8)]
    found = []

    def ask(number):
        found.append(stores[number % 8].ask(number + 1, petition(), NOW).id)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 64
    assert len(set(found)) == 1
    assert len(backend.store.recent(limit=10, now_ms=NOW)) == 1
    for each in stores if backend.kind == "sqlite" else ():
        each.close()


def test_a_grant_is_stored_with_the_decision_and_audited(backend, store):
    store.ask(1, petition(), NOW)
    version = backend.directory.version()
    done = store.grant(1, by="ann", reason="a big day", now_ms=NOW + 1)
    assert (done.state, done.by, done.amount, done.decided_ms, done.reason) == (
        "granted", "ann", 500, NOW + 1, "a big day",
    )  # fmt: skip
    assert backend.grants() == [(account(), 500)]
    (grant,) = backend.directory.load().grants
    assert grant.by == "ann"
    assert "appr_0000000000000001: a big day" in grant.reason
    assert backend.directory.version() > version
    assert ("ann", "approval.grant") in backend.audited()


def test_another_amount_may_be_granted(backend, store):
    store.ask(1, petition(), NOW)
    assert store.grant(1, by="ann", amount=70, now_ms=NOW).amount == 70
    assert backend.grants() == [(account(), 70)]


@pytest.mark.parametrize("amount", [0, -1, 2**63])
def test_an_amount_that_is_none_changes_nothing(backend, store, amount):
    store.ask(1, petition(), NOW)
    with pytest.raises(BadRequest) as error:
        store.grant(1, by="ann", amount=amount, now_ms=NOW)
    assert error.value.field == "amount"
    assert store.find(1, NOW).state == "pending"
    assert backend.grants() == []


def test_every_window_that_is_open_gets_the_grant_and_no_closed_one(backend, store):
    old, new = account(window="a"), account(window="b")
    store.ask(1, msgspec.structs.replace(petition(), accounts=((old, NOW + 10), (new, NOW + HOUR))), NOW)
    store.grant(1, by="ann", now_ms=NOW + 10)
    assert backend.grants() == [(new, 500)]


def test_a_decline_grants_nothing_and_is_audited(backend, store):
    store.ask(1, petition(), NOW)
    version = backend.directory.version()
    done = store.decline(1, by="bob", reason="not today", now_ms=NOW + 1)
    assert (done.state, done.by, done.reason, done.amount) == ("declined", "bob", "not today", 0)
    assert backend.grants() == []
    assert backend.directory.version() > version
    assert ("bob", "approval.decline") in backend.audited()


def test_the_first_decision_stands_whoever_decides_next(backend, store):
    store.ask(1, petition(), NOW)
    first = store.grant(1, by="ann", now_ms=NOW)
    version = backend.directory.version()
    assert store.decline(1, by="bob", now_ms=NOW + 1) == first
    assert store.grant(1, by="cy", amount=9_999, now_ms=NOW + 2) == first
    assert backend.grants() == [(account(), 500)]
    assert backend.directory.version() == version
    assert [action for _, action in backend.audited()].count("approval.grant") == 1


def test_people_who_decide_at_once_grant_once(backend):
    backend.store.ask(1, petition(), NOW)
    answers = []

    def decide(number):
        own = backend.store if backend.kind == "memory" else SqliteApprovals(backend.path)
        answers.append(own.grant(1, by=f"person {number}", amount=10 + number, now_ms=NOW))
        if own is not backend.store:
            own.close()

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(msgspec.json.encode, answers))) == 1
    assert backend.grants() == [(account(), answers[0].amount)]


def test_what_is_not_there_cannot_be_decided(store):
    for decide in (store.grant, store.decline):
        with pytest.raises(BadRequest) as error:
            decide(5, by="ann", now_ms=NOW)
        assert error.value.status == 404


@pytest.mark.parametrize(("closes_ms", "why"), [(0, "nobody decided"), (NOW + HOUR, "its window has closed")])
def test_what_has_expired_cannot_be_decided(backend, store, closes_ms, why):
    made = store.ask(1, petition(closes_ms=closes_ms), NOW)
    assert store.find(1, made.expires_ms - 1).state == "pending"
    assert store.find(1, made.expires_ms).state == "expired"
    for decide in (store.grant, store.decline):
        with pytest.raises(BadRequest, match=why) as error:
            decide(1, by="ann", now_ms=made.expires_ms)
        assert error.value.status == 409
    assert backend.grants() == []


def test_after_a_request_has_expired_the_same_is_asked_anew(store):
    made = store.ask(1, petition(), NOW)
    assert store.ask(2, petition(), made.expires_ms).id == 2
    assert [each.state for each in store.recent(limit=5, now_ms=made.expires_ms)] == ["pending", "expired"]


def test_what_was_granted_at_the_limit_is_asked_anew_when_it_is_spent(store):
    store.ask(1, petition(), NOW)
    store.grant(1, by="ann", now_ms=NOW)
    assert store.ask(2, petition(), NOW + 1).id == 2


def test_a_threshold_that_was_passed_is_not_asked_again(backend, store):
    store.ask(1, petition(at_millionths=800_000, short=0), NOW)
    done = store.grant(1, by="ann", now_ms=NOW)
    assert (done.state, done.amount) == ("granted", 0)
    assert backend.grants() == []
    assert store.ask(2, petition(at_millionths=800_000, short=0), NOW + 40 * OPEN_FOR_MS) == done


def test_a_decline_holds_for_an_hour(store):
    store.ask(1, petition(), NOW)
    no = store.decline(1, by="bob", now_ms=NOW)
    assert store.ask(2, petition(), NOW + NO_FOR_MS - 1) == no
    assert store.ask(3, petition(), NOW + NO_FOR_MS).id == 3


def test_a_budget_has_so_many_open_requests_and_the_oldest_expires(store):
    for number in range(MOST_OPEN + 3):
        store.ask(number + 1, petition(account(value=f"user {number}")), NOW + number)
    other = store.ask(900, petition(account("other")), NOW + 500)
    states = {each.id: each.state for each in store.recent(limit=500, now_ms=NOW + 500)}
    assert [states[number] for number in (1, 2, 3, 4)] == ["expired", "expired", "expired", "pending"]
    assert list(states.values()).count("pending") == MOST_OPEN + 1
    assert other.state == "pending"


def test_the_list_is_newest_first_page_by_page_and_by_state(store):
    for number in range(1, 6):
        store.ask(number, petition(account(f"b{number}")), NOW)
    store.grant(2, by="ann", now_ms=NOW)
    store.decline(4, by="ann", now_ms=NOW)

    def ids(**more):
        return [each.id for each in store.recent(**{"limit": 9, "now_ms": NOW, **more})]

    assert ids() == [5, 4, 3, 2, 1]
    assert ids(limit=2) == [5, 4]
    assert ids(limit=2, before_id=4) == [3, 2]
    assert ids(state="pending") == [5, 3, 1]
    assert ids(state="granted") == [2]
    assert ids(state="declined") == [4]
    assert ids(state="expired") == []
    assert ids(state="expired", now_ms=NOW + OPEN_FOR_MS) == [5, 3, 1]
    assert ids(state="pending", now_ms=NOW + OPEN_FOR_MS) == []
    assert ids(state="granted", now_ms=NOW + OPEN_FOR_MS) == [2]


def test_decisions_are_told_once_to_whoever_remembers_where_it_was(store):
    for number in (1, 2, 3):
        store.ask(number, petition(account(f"b{number}")), NOW)
    assert store.decided(0)[1] == ()
    first = store.decline(3, by="ann", now_ms=NOW)
    version, told = store.decided(0)
    assert told == (first,)
    assert store.decided(version) == (version, ())
    second = store.grant(1, by="ann", now_ms=NOW)
    assert store.decided(version)[1] == (second,)
    assert store.decided(0)[1] == (first, second)


def test_what_nobody_granted_is_forgotten_after_a_quarter_and_what_was_granted_stays(store):
    for number in (1, 2, 3):
        store.ask(number, petition(account(f"b{number}")), NOW)
    store.grant(1, by="ann", now_ms=NOW)
    store.decline(2, by="ann", now_ms=NOW)
    later = NOW + 100 * OPEN_FOR_MS
    store.ask(9, petition(account("b9")), later)
    assert [each.id for each in store.recent(limit=9, now_ms=later)] == [9, 1]


def test_a_restart_keeps_everything(tmp_path):
    first = SqliteApprovals(tmp_path / "farthing.db")
    made = first.ask(1, petition(), NOW)
    first.close()
    second = SqliteApprovals(tmp_path / "farthing.db")
    assert second.find(1, NOW) == made
    assert second.ask(2, petition(), NOW).id == 1
    second.close()
