"""Steering the simulation over HTTP."""

import httpx2
import pytest

from farthing.testing.control import read_bill
from support.simulated import chat_body, messages_body, post


def sim(provider, method, order, body=None):
    with httpx2.Client(trust_env=False, verify=False) as client:
        return client.request(method, f"{provider.url}/_sim/{order}", json=body)


def test_another_process_can_read_the_bill(provider):
    post(provider, "/v1/chat/completions", chat_body())
    answer = sim(provider, "GET", "bill")
    assert read_bill(answer.content) == provider.bill.entries
    assert answer.json()["nanos"] == answer.json()["entries"][0]["nanos"] == provider.bill.nanos > 0


def test_another_process_can_write_the_script(provider):
    orders = {
        "replies": ["one", {"text": "two", "tools": [{"name": "f", "arguments": {"a": 1}}]}, {"tokens": 3}],
        "faults": [None, None, "no_usage", {"kind": "error", "status": 503}],
    }
    assert sim(provider, "POST", "script", orders).json() == {"ok": True}
    answers = [post(provider, "/v1/chat/completions", chat_body()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 503]
    first, second, third = (answer.json()["choices"][0]["message"] for answer in answers[:3])
    assert (first["content"], second["content"], len(third["content"].split())) == ("one", "two", 3)
    assert second["tool_calls"][0]["function"]["arguments"] == '{"a":1}'
    assert "usage" not in answers[2].json()


def test_chances_are_replaced_and_ended(provider):
    sim(provider, "POST", "script", {"chances": {"429": 1.0}})
    assert post(provider, "/v1/chat/completions", chat_body()).status_code == 429
    sim(provider, "POST", "script", {"chances": {}})
    assert post(provider, "/v1/chat/completions", chat_body()).status_code == 200


def test_counting_has_faults_of_its_own(provider):
    sim(provider, "POST", "script", {"count_faults": ["529"], "faults": ["429"]})
    body = {name: value for name, value in messages_body().items() if name != "max_tokens"}
    assert post(provider, "/v1/messages/count_tokens", body).status_code == 529
    assert post(provider, "/v1/messages/count_tokens", body).status_code == 200
    assert post(provider, "/v1/messages", messages_body()).status_code == 429


@pytest.mark.parametrize(
    "orders", [{"faults": ["nonsense"]}, {"chances": {"429": 2}}, {"tyop": 1}, {"replies": [{"word": "x"}]}]
)
def test_orders_that_make_no_sense_are_refused_whole(provider, orders):
    assert sim(provider, "POST", "script", {"replies": ["kept back"], **orders}).status_code == 400
    assert post(provider, "/v1/chat/completions", chat_body()).json()["choices"][0]["message"]["content"] != "kept back"


def test_reset_clears_the_bill(provider):
    post(provider, "/v1/chat/completions", chat_body())
    sim(provider, "POST", "reset")
    assert sim(provider, "GET", "bill").json() == {"entries": [], "picos": 0, "nanos": 0}


def test_other_orders_do_not_exist(provider):
    assert sim(provider, "GET", "script").status_code == 404
