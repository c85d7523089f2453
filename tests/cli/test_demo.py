"""`farthing demo`: the whole of it, and every number it claims."""

import json
import signal
import urllib.request

import pytest

from farthing.domain.money import parse_usd
from support.shell import command, started


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    ended = command("demo", "--once", "--json", cwd=tmp_path_factory.mktemp("demo"))
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_everything_held_and_it_took_less_than_a_minute(told):
    assert told["held"] is True
    assert told["seconds"] < 60


def test_the_ledger_is_the_providers_bill_to_the_nano_dollar(told):
    assert told["with"]["ledger_usd"] == told["with"]["billed_usd"]
    receipt = told["receipt"]
    assert receipt["cost_usd"] == receipt["account_usd"] == receipt["billed_usd"]
    assert sum(line["picos"] for line in receipt["lines"]) == parse_usd(receipt["cost_usd"]) * 1_000
    assert receipt["unexplained_usd"] == "0"


def test_the_same_work_is_done_for_less(told):
    without, with_ = told["without"], told["with"]
    assert without["resolved"] == with_["resolved"] == told["same_answers"] == 5
    assert parse_usd(with_["billed_usd"]) < parse_usd(without["billed_usd"])


def test_the_runaway_is_stopped_by_its_own_budget_and_refused_once(told):
    runaway = told["with"]["runaway"]
    assert runaway["calls"] < told["without"]["runaway"]["calls"]
    assert runaway["refusal"]["code"] == "budget_exceeded"
    assert runaway["refusal"]["budget"] == "each ticket"
    assert parse_usd(runaway["billed_usd"]) <= parse_usd(runaway["refusal"]["limit_usd"])


def test_two_hundred_calls_spend_a_budget_for_twenty_and_not_a_nano_dollar_more(told):
    burst = told["burst"]
    budget, billed = parse_usd(burst["budget_usd"]), parse_usd(burst["billed_usd"])
    assert 0.95 * budget <= billed <= budget
    assert (burst["overspend_usd"], burst["open_usd"], burst["other"]) == ("0", "0", 0)
    assert burst["ledger_usd"] == burst["billed_usd"]
    assert burst["paid"] + burst["refused"] == 200
    assert burst["most_requests_per_refused_call"] == 1
    assert parse_usd(burst["billed_without_usd"]) == 10 * budget


def test_the_story_ends_in_lines_that_work(tmp_path):
    process = started("demo", "--port", "0", cwd=tmp_path)
    try:
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        assert "Every number agreed." in said
        url = next(word for word in said.split() if word.startswith("http://")).removesuffix("/v1/chat/completions")
        body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello!"}]}).encode()
        request = urllib.request.Request(f"{url}/v1/chat/completions", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert parse_usd(answer.headers["x-farthing-cost-usd"]) > 0
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()
