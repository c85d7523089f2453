"""A run's receipt as a page of text."""

import farthing
from farthing.sdk.receipt import WIDTH, _from_picos
from support.sdk_provider import billed, simulated
from support.sdk_world import ask, openai_client, sdk


def test_its_lines_fit_and_its_total_is_what_was_billed():
    with simulated() as provider, sdk(), farthing.budget("$5", agent="a" * 60) as run:
        client = openai_client(provider)
        for name in "abcdefgh":
            with run.step(name):
                ask(client)
        for each in range(8):
            run.cost("$0.001", kind="search", note="n" * 100, once=str(each))
        run.fail(0.25, "too slow")
        text = str(run.receipt)
        lines = text.splitlines()
        assert all(len(line) <= WIDTH for line in lines)
        assert lines[-1].endswith(f"${run.receipt.usd}")
        assert f"{billed(provider) + 8 * farthing.sdk.amounts.dollars(10**6)}".rstrip("0") == run.receipt.usd
        assert "failed, score 0.25: too slow" in text
        assert "and 2 more" in text
        assert repr(run.receipt).startswith("<RunReceipt run-")


def test_pico_dollars_keep_all_their_decimals():
    assert _from_picos(1) == "$0.000000000001"
    assert _from_picos(10**12) == "$1"
    assert _from_picos(0) == "$0"
