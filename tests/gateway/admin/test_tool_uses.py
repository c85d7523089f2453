"""Tools that cost money, over HTTP: what is held, on whose budgets, and what is refused by name."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from farthing.call import tool_deadlines
from support.admin import admin, ask, refused
from support.tool_uses import as_key, end, no, record, reserve, show, tool_gateway

GOOD = {"once": "w", "run": "r1", "tool": "search", "most_usd": "0.1"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with tool_gateway(tmp_path_factory.mktemp("tool-uses")) as running:
        yield running


def test_a_use_is_held_on_the_budgets_of_its_key_and_is_on_record_as_a_call(gateway):
    before = gateway.open("all"), gateway.open("sales"), gateway.open("bea")
    use = reserve(gateway, "first", labels={"team": "sales", "user": "bea", "step": "look"}, most_usd="0.25")
    assert (use["state"], use["cost_usd"], use["tool"], use["run"]) == ("held", None, "search", "r1")
    assert use["expires_at"]
    assert gateway.open("all") == before[0] + 250_000_000
    assert (gateway.open("sales"), gateway.open("bea")) == before[1:], (
        "its own labels win; what it may not set chooses none"
    )
    kept = record(gateway, use["id"]).opening
    assert (kept.key, kept.dialect, kept.model) == ("a", "tool", "search")
    assert dict(kept.labels) == {"run": "r1", "team": "a", "user": "bea", "step": "look", "tool": "search"}
    assert end(gateway, use["id"], "void")["state"] == "void"
    assert gateway.open("all") == before[0]


def test_the_same_word_is_the_same_use(gateway):
    before = gateway.open("all")
    use = reserve(gateway, "again")
    assert reserve(gateway, "again") == use
    assert gateway.open("all") == before + 100_000_000
    assert "stands for another use" in no(gateway, "", {**GOOD, "once": "again", "most_usd": "0.2"}, 409, "once")
    other = reserve(gateway, "again", key="b", run="r2")
    assert other["id"] != use["id"], "words of two keys have nothing to do with each other"
    end(gateway, use["id"], "settle", usd="0")
    assert reserve(gateway, "again")["state"] == "settled", "nor is it held once more after its end"
    end(gateway, other["id"], "void", key="b")


def test_a_word_asked_for_by_many_at_once_holds_once(gateway):
    before = gateway.open("all")
    body = {**GOOD, "once": "many"}

    def one(_):
        return ask(gateway, "POST", "/farthing/v1/tool-uses", body, **as_key("a"))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    use = reserve(gateway, "many")
    assert {answer.json()["id"] for answer in answers if answer.status_code == 201} == {use["id"]}
    assert gateway.open("all") == before + 100_000_000
    end(gateway, use["id"], "void")


def test_what_does_not_fit_is_refused_with_the_numbers_and_free_again_under_its_word(gateway):
    answer = ask(gateway, "POST", "/farthing/v1/tool-uses", {**GOOD, "once": "big", "most_usd": "1.5"}, **as_key("a"))
    assert answer.status_code == 402
    assert answer.headers["x-should-retry"] == "false"
    error = answer.json()["error"]
    assert (error["code"], error["farthing"]["code"]) == ("budget_exceeded", "budget_exceeded")
    assert (error["farthing"]["budget"], error["farthing"]["needed"], error["farthing"]["limit"]) == ("all", "1.5", "1")
    gateway.flush()
    (newest,) = gateway.engine.records.recent(limit=1)
    assert (newest.outcome, newest.key, newest.model) == ("refused", "a", "search")
    assert (
        ask(
            gateway, "POST", "/farthing/v1/tool-uses", {**GOOD, "once": "big", "most_usd": "1.5"}, **as_key("a")
        ).json()["error"]["code"]
        == "budget_exceeded"
    )


@pytest.mark.parametrize(
    ("wrong", "status", "field", "key", "word"),
    [
        ({"most_usd": "lots"}, 400, "most_usd", "a", "not an amount"),
        ({"most_usd": "0"}, 400, "most_usd", "a", "more than 0"),
        ({"most_usd": "1000000.000000001"}, 400, "most_usd", "a", "at most 1000000"),
        ({"most_usd": "0.0000000001"}, 400, "most_usd", "a", "finer"),
        ({"most_usd": 0.1}, 400, "most_usd", "a", "str"),
        ({"most_usd": "1 EUR"}, 400, "most_usd", "a", "EUR"),
        ({"run": ""}, 400, "run", "a", "no value"),
        ({"run": "x" * 129}, 400, "run", "a", "128"),
        ({"tool": ""}, 400, "tool", "a", "length"),
        ({"tool": "a\nb"}, 400, "tool", "a", "printed"),
        ({"once": ""}, 400, "once", "a", "length"),
        ({"once": "x" * 201}, 400, "once", "a", "length"),
        ({"seconds": 0.5}, 400, "seconds", "a", "1"),
        ({"seconds": 90_000}, 400, "seconds", "a", "86400"),
        ({"wait_seconds": -1}, 400, "wait_seconds", "a", "0"),
        ({"labels": {"Step": "x"}}, 400, "labels", "a", "names are"),
        ({"labels": {f"l{n}": "x" for n in range(32)}}, 400, "labels", "a", "32 are the most"),
        ({"exact": "yes"}, 400, "exact", "a", "bool"),
        ({"cost": "1"}, 400, "cost", "a", "unknown field"),
        ({}, 400, "labels", "strict", "requires the label 'step'"),
        ({}, 403, "run", "bound", "may_set"),
        ({}, 403, "authorization", "caller", "no right"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_holds_nothing(gateway, wrong, status, field, key, word):
    before = gateway.open("all")
    assert word in no(gateway, "", {**GOOD, "once": "wrong", **wrong}, status, field, key)
    assert gateway.open("all") == before


def test_a_key_charges_the_runs_that_it_may_end(gateway):
    admin(gateway, "POST", "/runs", {"run": "of-b"}, status=201, **as_key("b"))
    assert "belongs to another key" in no(gateway, "", {**GOOD, "once": "theirs", "run": "of-b"}, 403, "run")
    mine = reserve(gateway, "mine", key="b", run="of-b")
    end(gateway, mine["id"], "void", key="b")
    admin(gateway, "POST", "/runs/of-b/end", **as_key("b"))
    body = {**GOOD, "once": "late", "run": "of-b"}
    ended = ask(gateway, "POST", "/farthing/v1/tool-uses", body, **as_key("b"))
    assert (ended.status_code, ended.json()["error"]["code"]) == (402, "run_ended")


def test_a_use_of_another_key_is_not_there(gateway):
    use = reserve(gateway, "private")["id"]
    for method, path in (("GET", ""), ("POST", "/settle"), ("POST", "/void"), ("POST", "/lose")):
        body = None if method == "GET" else {}
        refused(gateway, method, f"/tool-uses/{use}{path}", body, status=404, field="path", **as_key("b"))
    assert show(gateway, use, key="boss")["state"] == "held", "an administrator sees all"
    end(gateway, use, "void")


def test_as_many_are_held_at_one_time_as_there_are_places(gateway, monkeypatch):
    monkeypatch.setattr(tool_deadlines, "MOST_OF_A_KEY", 2)
    uses = [reserve(gateway, f"place {n}", most_usd="0.01")["id"] for n in range(2)]
    assert "too many" in no(gateway, "", {**GOOD, "once": "place 2", "most_usd": "0.01"}, 409, "once")
    other = reserve(gateway, "place of b", key="b", run="r2", most_usd="0.01")
    end(gateway, uses.pop(), "settle", usd="0")
    uses.append(reserve(gateway, "place 2", most_usd="0.01")["id"])
    assert (
        ask(
            gateway, "POST", "/farthing/v1/tool-uses", {**GOOD, "once": "too big", "most_usd": "9"}, **as_key("b")
        ).status_code
        == 402
    ), "what is refused gives its place back"
    for use in uses:
        end(gateway, use, "void")
    end(gateway, other["id"], "void", key="b")
    assert not gateway.engine.tool_deadlines.of(0)


def waiting(gateway, once):
    """Hang on to a connection whose request waits in the queue for money."""
    body = json.dumps({**GOOD, "once": once, "most_usd": "0.6", "wait_seconds": 60}).encode()
    head = f"POST /farthing/v1/tool-uses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n"
    lines = [f"{name}: {value}" for name, value in {**as_key("a"), "content-type": "application/json"}.items()]
    connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=30)
    connection.sendall((head + "\r\n".join(lines) + "\r\n\r\n").encode() + body)
    within_20_seconds(lambda: queued(gateway, once))
    return connection


def queued(gateway, once):
    return ("a\ntool", once) in gateway.engine.tool_deadlines._asking


def within_20_seconds(there):
    deadline = time.monotonic() + 20
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("how", ["hangs up", "withdraws"])
def test_whoever_waits_for_money_and_leaves_has_left_the_queue(gateway, how):
    before = gateway.open("all")
    first = reserve(gateway, f"first, {how}", most_usd="0.6", run="r1")["id"]
    with waiting(gateway, f"second, {how}") as second:
        if how == "withdraws":
            path = "/tool-uses/withdraw"
            body = {"once": f"second, {how}"}
            assert admin(gateway, "POST", path, body, **as_key("b")) == {"withdrawn": False}, "of another key"
            assert admin(gateway, "POST", path, body, **as_key("a")) == {"withdrawn": True}
            assert b" 409 Conflict" in second.recv(65_536).partition(b"\r\n")[0]
            assert admin(gateway, "POST", path, body, **as_key("a")) == {"withdrawn": False}
    within_20_seconds(lambda: not queued(gateway, f"second, {how}"))
    end(gateway, first, "void")
    assert gateway.open("all") == before, "the money that came back went to nobody"
    again = reserve(gateway, f"second, {how}", most_usd="0.6", wait_seconds=60)
    assert again["state"] == "held", "its word is free again"
    end(gateway, again["id"], "void")


def test_what_was_held_under_a_word_is_given_back_to_whoever_withdraws_it(gateway):
    before = gateway.open("all")
    use = reserve(gateway, "crossed")["id"]
    assert admin(gateway, "POST", "/tool-uses/withdraw", {"once": "crossed"}, **as_key("a")) == {"withdrawn": True}
    assert show(gateway, use)["state"] == "void"
    assert gateway.open("all") == before
    settled = reserve(gateway, "settled")["id"]
    end(gateway, settled, "settle", usd="0.01")
    assert admin(gateway, "POST", "/tool-uses/withdraw", {"once": "settled"}, **as_key("a")) == {"withdrawn": False}
    assert show(gateway, settled)["state"] == "settled", "what ran is not withdrawn"
