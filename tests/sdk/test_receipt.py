"""A run's receipt as a page of text."""

import farthing
from farthing.accounts.paper import WIDTH
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
        (total,) = [line for line in lines if line.startswith("total")]
        assert total.endswith(f"${run.receipt.usd}")
        assert f"{billed(provider) + 8 * farthing.sdk.amounts.dollars(10**6)}".rstrip("0") == run.receipt.usd
        assert "came to failure, score 0.25, says sdk: too slow" in text
        assert "2 more costs" in text
        assert repr(run.receipt).startswith("<RunReceipt run-")
