"""Approvals at the command line: what waits, what it is about, and saying yes or no."""

import pytest

from farthing.config.engine import wall_ms
from farthing.domain.budget import AccountKey, Unit
from farthing.domain.ids import show
from farthing.ports.approvals import Petition
from farthing.stores.sqlite.approvals import SqliteApprovals
from farthing.stores.sqlite.directory import SqliteDirectory
from support.shell import asked_json, invoke

FILE = '[providers.openai]\nformat = "openai"\n'
ONE = show("appr", 16)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "farthing.toml").write_text(FILE)
    return tmp_path


@pytest.fixture
def store(folder):
    store = SqliteApprovals(folder / "farthing.db")
    yield store
    store.close()


@pytest.fixture
def grants(folder, store):
    def read():
        directory = SqliteDirectory(folder / "farthing.db", now_ms=wall_ms)
        found = [(grant.account.unit, grant.amount) for grant in directory.load().grants]
        directory.close()
        return found

    return read


def asked(store, number=16, unit=Unit.USD, value="", closes_ms=0, **more):
    account = AccountKey("support", value, unit, "lifetime")
    given = {"short": 250_000_000, "limit": 10**9, "spent": 900_000_000, "worst": 350_000_000, "model": "gpt-4o-mini"}
    petition = Petition(
        accounts=((account, closes_ms),), budget="support", **{**given, "labels": (("run", "r1"),), "call": 32, **more}
    )
    return store.ask(number, petition, wall_ms())


def test_the_list_shows_what_waits_and_for_whom(store):
    asked(store, value="ann")
    said = invoke("approvals", "ls").output
    for word in (ONE, "support of ann", "limit", "$0.25", "gpt-4o-mini run=r1", "pending"):
        assert word in said, said
    assert "no approval is granted" in invoke("approvals", "ls", "--state", "granted").output
    assert [each["id"] for each in asked_json("approvals", "ls", "--state", "pending")] == [ONE]


def test_an_empty_list_says_so(store):
    store.find(1, wall_ms())
    assert "ever asked for" in invoke("approvals", "ls").output
    assert asked_json("approvals", "ls") == []


def test_one_is_shown_with_its_numbers(store):
    asked(store)
    said = invoke("approvals", "show", ONE).output
    for words in ("is pending", "$0.90 of $1 were spent", "$0.25 more are needed", "at most $0.35", "expires"):
        assert words in said, said
    shown = asked_json("approvals", "show", ONE)
    assert (shown["needed"], shown["worst_case"], shown["call"]) == ("0.25", "0.35", show("call", 32))


def test_yes_grants_what_is_needed(store, grants):
    asked(store)
    said = invoke("approvals", "approve", ONE, "--reason", "a big day").output
    assert "is granted by" in said
    assert "$0.25 more" in said
    assert "a big day" in said
    assert grants() == [(Unit.USD, 250_000_000)]
    assert "decided" in invoke("approvals", "show", ONE).output


def test_yes_may_name_another_amount_in_the_approvals_own_unit(store, grants):
    asked(store)
    asked(store, 32, Unit.TOKENS, short=50)
    asked(store, 48, Unit("eur"), short=50)
    invoke("approvals", "approve", ONE, "--amount", "$2")
    invoke("approvals", "approve", show("appr", 32), "--amount", "100_000")
    invoke("approvals", "approve", show("appr", 48), "--amount", "3 EUR")
    assert grants() == [(Unit.USD, 2 * 10**9), (Unit.TOKENS, 100_000), (Unit("eur"), 3 * 10**9)]


@pytest.mark.parametrize("amount", ["5 calls", "much", "0", "-1"])
def test_an_amount_that_does_not_fit_is_a_mistake_and_grants_nothing(store, grants, amount):
    asked(store)
    invoke("approvals", "approve", ONE, "--amount", amount, code=2)
    assert grants() == []


def test_no_says_who_and_why(store, grants):
    asked(store)
    said = invoke("approvals", "decline", ONE, "--reason", "too dear").output
    assert "is declined by" in said
    assert "too dear" in said
    assert grants() == []


def test_the_first_answer_stands_and_the_second_is_told_it(store, grants):
    asked(store)
    invoke("approvals", "decline", ONE)
    said = invoke("approvals", "approve", ONE, "--amount", "$5").output
    assert "was already declined by" in said
    assert grants() == []
    assert asked_json("approvals", "approve", ONE)["state"] == "declined"


def test_what_has_expired_cannot_be_answered(store):
    asked(store, closes_ms=1)
    assert "has expired" in invoke("approvals", "approve", ONE, code=1).output
    assert "is expired" in invoke("approvals", "show", ONE).output


@pytest.mark.parametrize(("given", "code"), [(show("appr", 99), 1), ("call_0000000000000001", 2), ("17", 2)])
def test_what_is_not_there_is_said_to_be_so(store, given, code):
    asked(store)
    for way in ("show", "approve", "decline"):
        invoke("approvals", way, given, code=code)


def test_a_threshold_is_passed_without_an_amount(store, grants):
    asked(store, at_millionths=800_000, short=0)
    assert "threshold 0.8" in invoke("approvals", "ls").output
    assert "more" not in invoke("approvals", "approve", ONE).output
    assert grants() == []
