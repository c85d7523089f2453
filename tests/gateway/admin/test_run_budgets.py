"""Budgets of runs: a key limits its own runs further, and nothing else."""

import httpx2
import pytest

from support.gateway import gateway_and_provider

KEYS = """
[[budgets]]
name = "run taken of a"
limit = "1 USD"
match = { run = "else" }
[[keys]]
name = "a"
secret = "fk_a_secret_of_sixteen"
labels = { team = "a" }
may_set = ["run"]
max_values = 3
rights = ["call", "runs"]
[[keys]]
name = "b"
secret = "fk_b_secret_of_sixteen"
may_set = ["run"]
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("run-budgets"), KEYS) as (running, _):
        yield running


def ask(gateway, method, path, key="a", **body):
    with httpx2.Client(trust_env=False, headers={"authorization": f"Bearer fk_{key}_secret_of_sixteen"}) as client:
        return client.request(method, f"{gateway.url}/farthing/v1/run-budgets/{path}", json=body or None)


def test_it_matches_the_keys_own_labels_beside_its_run(gateway):
    made = ask(gateway, "PUT", "run/x1", run="x1", limits={"usd": "2", "calls": "4"})
    assert made.status_code == 200
    assert made.json()["accounts"]["usd"] == {"limit": "2", "spent": "0", "reserved": "0", "left": "2"}
    (stored,) = [each for each in gateway.engine.directory.load().budgets if each.name == "run x1 of a"]
    assert dict(stored.match) == {"team": "a", "run": "x1"}
    removed = ask(gateway, "DELETE", "run/x1")
    assert removed.json() == {"budget": "run x1 of a"}
    shown = ask(gateway, "GET", "run/x1?units=usd").json()
    assert shown["accounts"]["usd"]["limit"] is None
    assert ask(gateway, "PUT", "run/x1", run="x1", limits={"usd": "2"}).status_code == 409, "the run has ended"


@pytest.mark.parametrize(
    ("method", "path", "key", "body", "status", "word"),
    [
        ("PUT", "run/x", "b", {"run": "x"}, 403, "no right"),
        ("PUT", "team/x", "a", {"run": "x"}, 400, "label"),
        ("PUT", "run.1/x", "a", {"run": "x"}, 403, "may_set"),
        ("PUT", "run/taken", "a", {"run": "taken", "limits": {"usd": "1"}}, 409, "another budget"),
        ("PUT", "run/y", "a", {"run": "y", "limits": {"usd": "-1"}}, 400, "usd"),
        ("PUT", "run/y", "a", {"run": "y", "match": {}}, 400, "match"),
        ("GET", "run/y?units=euro", "a", {}, 400, "euro"),
        ("GET", "run/y?window=fortnight", "a", {}, 400, "fortnight"),
    ],
)
def test_what_a_key_may_not_do(gateway, method, path, key, body, status, word):
    answer = ask(gateway, method, path, key, **body)
    assert answer.status_code == status, answer.text
    assert word in answer.text


def test_a_key_has_no_more_of_them_than_it_may(gateway):
    for each in range(3):
        assert ask(gateway, "PUT", f"run/m{each}", run=f"m{each}", limits={"calls": "1"}).status_code == 200
    assert "3 budgets" in ask(gateway, "PUT", "run/m3", run="m3", limits={"calls": "1"}).text
    for each in range(3):
        ask(gateway, "DELETE", f"run/m{each}")


def test_a_receipt_of_nothing_is_empty(gateway):
    found = ask(gateway, "GET", "run/nothing/receipt?run=nothing").json()
    assert (found["run"], found["calls"], found["total_usd"]) == ("nothing", 0, "0")
