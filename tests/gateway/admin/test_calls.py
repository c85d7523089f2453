"""Calls over HTTP: pages and filters, the whole record without content, and corrections that add up."""

import sqlite3
import threading

import pytest

from farthing.domain.errors import BadRequest
from farthing.domain.ids import show
from farthing.gateway.admin import calls
from farthing.gateway.admin.calls import CallQuery, SettleCall, usage_from
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.records import SqliteRecords
from farthing.testing import Fault
from support.admin import admin, ask, chat, refused
from support.gateway import gateway_and_provider

SECRET_WORDS = "a-word-that-must-never-be-recorded"


def call_id(answer):
    return answer.headers["x-farthing-call-id"]


def test_pages_go_back_in_time_without_gap_or_overlap(gateway):
    made = [call_id(chat(gateway)) for _ in range(5)]
    seen, before = [], ""
    while before is not None:
        page = admin(gateway, "GET", f"/calls?limit=2{'&before=' + before if before else ''}")
        seen += [call["id"] for call in page["calls"]]
        before = page["next"]
    assert seen == made[::-1]


def test_filters_by_run_outcome_and_any_label(gateway):
    for labels in ("run=r1,team=a", "run=r1,team=b", "run=r2,team=a"):
        chat(gateway, x_farthing_labels=labels)
    admin(gateway, "PUT", "/budgets/stop", {"limits": {"usd": "0.000000001"}})
    assert chat(gateway, x_farthing_labels="run=r3").status_code == 402

    def found(query):
        return len(admin(gateway, "GET", f"/calls?{query}")["calls"])

    assert found("run=r1") == 2
    assert found("label.team=a") == 2
    assert found("label.team=a&run=r2") == 1
    assert found("label.run=r1&label.team=b") == 1
    assert found("outcome=refused") == 1
    assert found("key=nobody") == 0
    (refusal,) = admin(gateway, "GET", "/calls?outcome=refused")["calls"]
    assert (refusal["code"], refusal["status"], refusal["cost_usd"]) == ("budget_exceeded", 402, "0")


def test_what_few_calls_have_is_looked_for_in_bounded_steps_that_go_on(gateway, monkeypatch):
    monkeypatch.setattr(calls, "LOOK", 3)
    rare = call_id(chat(gateway, x_farthing_labels="team=rare"))
    for _ in range(7):
        chat(gateway)
    pages, before = [], ""
    while before is not None:
        page = admin(gateway, "GET", f"/calls?label.team=rare{'&before=' + before if before else ''}")
        pages.append([call["id"] for call in page["calls"]])
        before = page["next"]
    assert pages == [[], [], [rare]]


def test_a_rare_label_among_a_million_calls_costs_no_more_than_one_look(tmp_path):
    """Whatever the file holds: the rows that SQLite goes through are those of one look."""
    path = tmp_path / "f.db"
    connection = open_database(path)
    connection.execute(MANY)
    connection.close()
    counted = []

    def connect(*args, **named):
        opened = sqlite3.connect(*args, **named)
        opened.set_progress_handler(lambda: counted.append(1), 1_000)  # each thousand steps of SQLite's machine
        return opened

    records = SqliteRecords(path, connect=connect)
    found, reached = calls._recent(records, CallQuery(label={"team": "rare"}), None)
    assert found == ()
    assert reached == (1_000_000 - calls.LOOK + 1) * 16
    assert 0 < len(counted) * 1_000 < 60 * calls.LOOK
    again, reached = calls._recent(records, CallQuery(label={"team": "rare"}), 16 * 40_000)
    assert (len(again), reached) == (1, 0)
    records.close()


MANY = """
INSERT INTO call (id, arrived_ms, key, labels, dialect, route, model, streamed, skeleton, outcome)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
SELECT i * 16, 1767225600000 + i, '', iif(i = 7, '{"team":"rare"}', '{"team":"a"}'), 'd', 'r', 'm', 0, x'', 'paid' FROM n
"""


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("before=call_x", "before"),
        ("before=run_0000000000001", "before"),
        ("outcome=lucky", "outcome"),
        ("sort=cost", "sort"),
        ("run=a&run=b", "run"),
        ("label=team", "label"),
        ("label.team=a&label.team=b", "label.team"),
        ("run=%ff", "query"),
    ],
)
def test_a_query_that_means_nothing_is_refused_by_the_parameter(one_gateway, query, field):
    refused(one_gateway, "GET", f"/calls?{query}", status=400, field=field)


def test_the_whole_record_has_no_content(gateway):
    asked = {"messages": [{"role": "user", "content": SECRET_WORDS}], "user": "u1"}
    answer = chat(gateway, asked, x_farthing_labels="team=a")
    text = ask(gateway, "GET", f"/farthing/v1/calls/{call_id(answer)}").text
    assert SECRET_WORDS not in text
    assert answer.json()["choices"][0]["message"]["content"] not in text
    record = admin(gateway, "GET", f"/calls/{call_id(answer)}")
    assert record["labels"]["team"] == "a"
    (attempt,) = record["attempts"]
    assert attempt["cost_usd"] == answer.headers["x-farthing-cost-usd"] == record["cost_usd"]
    assert attempt["shares"] == [
        {"budget": "all", "value": "", "window": "lifetime", "unit": "usd", "amount": attempt["cost_usd"]}
    ]
    assert record["skeleton"]["messages"][0]["bytes"] == len("user") + len(SECRET_WORDS)


def test_an_operators_word_is_priced_by_the_attempts_own_model_and_posted(gateway):
    first = call_id(chat(gateway))
    told = {"usage": {"input_tokens": 1_000, "output_tokens": 100}, "reason": "the invoice says so"}
    record = admin(gateway, "POST", f"/calls/{first}/settle", told)
    (attempt,) = record["attempts"]
    assert (attempt["source"], attempt["cost_usd"]) == (
        "operator",
        "0.00021",
    )  # 1,000 at $0.15 and 100 at $0.60 a million
    (entry,) = record["adjustments"]
    assert (entry["attempt"], entry["by"], entry["reason"]) == (1, "admin side without keys", "the invoice says so")
    assert entry["before"] == {"source": "provider", "cost_usd": "0.0000132", "input_tokens": 8, "output_tokens": 20}
    assert entry["after"] == {"source": "operator", "cost_usd": "0.00021", "input_tokens": 1000, "output_tokens": 100}
    assert gateway.posted("all") == 210_000
    admin(gateway, "POST", f"/calls/{first}/settle", {"free": True, "reason": "credited"})
    assert gateway.posted("all") == 0


def test_an_unknown_outcome_is_settled_by_word(tmp_path):
    faults = [Fault(kind="reset_before_headers")]
    with gateway_and_provider(tmp_path, '[[budgets]]\nname = "all"\nlimit = "1 USD"\n', faults=faults) as (gateway, _):
        lost = chat(gateway)
        assert lost.status_code == 502
        (account,) = admin(gateway, "GET", "/budgets/all")["accounts"]
        assert account["unknown"] == account["spent"] != "0"
        admin(gateway, "POST", f"/calls/{call_id(lost)}/settle", {"free": True, "reason": "it never arrived"})
        (account,) = admin(gateway, "GET", "/budgets/all")["accounts"]
        assert (account["unknown"], account["spent"], account["left"]) == ("0", "0", "1")


@pytest.mark.slow
def test_a_call_in_flight_is_not_settled_by_word(tmp_path):
    with gateway_and_provider(tmp_path, "", faults=[Fault(kind="silence")]) as (gateway, _):
        threading.Thread(target=lambda: _quietly(gateway), daemon=True).start()
        while not (calls := admin(gateway, "GET", "/calls")["calls"]):
            assert gateway.loop.is_running()
        refused(gateway, "POST", f"/calls/{calls[0]['id']}/settle", {"free": True, "reason": "x"}, status=409)


def _quietly(gateway):
    import httpx2

    try:
        chat(gateway)
    except httpx2.HTTPError:
        return


def test_what_was_refused_has_nothing_to_settle(gateway):
    admin(gateway, "PUT", "/budgets/stop", {"limits": {"usd": "0.000000001"}})
    no = call_id(chat(gateway))
    refused(gateway, "POST", f"/calls/{no}/settle", {"free": True, "reason": "x"}, status=409)


def test_a_model_without_a_price_cannot_be_charged_but_can_be_free(tmp_path):
    with gateway_and_provider(tmp_path, "") as (gateway, _):
        call = call_id(chat(gateway, {"model": "gpt-unpriced-99"}))
        told = {"usage": {"input_tokens": 1}, "reason": "x"}
        refused(gateway, "POST", f"/calls/{call}/settle", told, status=409, field="usage")
        assert admin(gateway, "POST", f"/calls/{call}/settle", {"free": True, "reason": "x"})["cost_usd"] == "0"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"free": True}, "reason"),
        ({"free": True, "reason": ""}, "reason"),
        ({"reason": "x"}, "usage"),
        ({"reason": "x", "free": True, "usage": {}}, "usage"),
        ({"reason": "x", "usage": {"tokens": 5}}, "usage.tokens"),
        ({"reason": "x", "usage": {"input_tokens": -1}}, "usage"),
        ({"reason": "x", "usage": {"input_tokens": 1.5}}, "usage"),
        ({"reason": "x", "usage": {"input_tokens": 2**62}}, "usage.input_tokens"),
        ({"reason": "x", "usage": {"input_tokens": 1, "cache_read_input_tokens": 2}}, "usage"),
        ({"reason": "x", "usage": {}, "cost_nanos": 0}, "cost_nanos"),
        ({"reason": "x", "usage": {}, "attempt": 9}, "attempt"),
    ],
    ids=str,
)
def test_words_that_cannot_be_true_change_nothing(one_gateway, body, field):
    call = call_id(chat(one_gateway))
    before = one_gateway.posted("all")
    refused(one_gateway, "POST", f"/calls/{call}/settle", body, status=400, field=field)
    assert one_gateway.posted("all") == before


def test_a_call_that_is_not_there_is_not_found(one_gateway):
    refused(one_gateway, "GET", f"/calls/{show('call', 16)}", status=404)
    refused(one_gateway, "GET", "/calls/x", status=400, field="path")


def test_free_is_no_usage_at_all():
    assert usage_from(SettleCall(reason="x", free=True)).input_tokens == 0
    with pytest.raises(BadRequest):
        usage_from(SettleCall(reason="x"))


def test_the_receipt_of_a_call_adds_up_and_equals_its_header(gateway):
    answer = chat(gateway)
    found = admin(gateway, "GET", f"/calls/{call_id(answer)}/receipt")
    assert found["cost_usd"] == answer.headers["x-farthing-cost-usd"]
    assert (found["complete"], found["adds_up"]) == (True, True)
    (attempt,) = found["attempts"]
    assert attempt["steps"] == []
    assert admin(gateway, "GET", f"/calls/{call_id(answer)}")["attempts"][0]["steps"] == []
    refused(gateway, "GET", f"/calls/{show('call', 1)}/receipt", status=404)
