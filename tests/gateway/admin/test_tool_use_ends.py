"""The ends of a use of a tool: each is told once or often, no other one after it, and none of them makes money free."""

import pytest

from support.admin import refused
from support.tool_uses import as_key, end, no, record, reserve, show, tool_gateway, until


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with tool_gateway(tmp_path_factory.mktemp("tool-use-ends")) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """One whose policy charges at once what is unknown."""
    with tool_gateway(tmp_path_factory.mktemp("hasty"), "1s") as running:
        yield running


def test_settling_charges_what_it_cost_and_may_be_told_again(gateway):
    before = gateway.posted("all")
    use = reserve(gateway, "s1")["id"]
    settled = end(gateway, use, "settle", usd="0.04")
    assert (settled["state"], settled["cost_usd"], settled["source"]) == ("settled", "0.04", "provider")
    assert settled["expires_at"] is None
    assert end(gateway, use, "settle", usd="$0.04") == settled == show(gateway, use)
    assert gateway.posted("all") == before + 40_000_000
    assert "settled at 0.04 USD" in no(gateway, f"/{use}/settle", {"usd": "0.05"}, 409, "path")
    assert "settled at 0.04 USD" in no(gateway, f"/{use}/void", {}, 409, "path")
    assert "settled at 0.04 USD" in no(gateway, f"/{use}/lose", {}, 409, "path")
    assert gateway.posted("all") == before + 40_000_000
    closing = record(gateway, use).closing
    assert (closing.outcome, closing.status) == ("paid", 200)


def test_what_was_held_exactly_costs_that_or_nothing(gateway):
    use = reserve(gateway, "s2", exact=True)["id"]
    assert "it costs that" in no(gateway, f"/{use}/settle", {"usd": "0.05"}, 400, "usd")
    assert end(gateway, use, "settle")["cost_usd"] == "0.1"
    open_price = reserve(gateway, "s3")["id"]
    assert "say what it cost" in no(gateway, f"/{open_price}/settle", {}, 400, "usd")
    assert "not an amount" in no(gateway, f"/{open_price}/settle", {"usd": "much"}, 400, "usd")
    assert "1000000 USD at most" in no(gateway, f"/{open_price}/settle", {"usd": "1000001"}, 400, "usd")
    end(gateway, open_price, "void")


def test_voiding_gives_all_back_and_may_be_told_again(gateway):
    before = gateway.posted("all"), gateway.open("all")
    use = reserve(gateway, "v1")["id"]
    voided = end(gateway, use, "void", reason="out of stock")
    assert voided["state"] == "void"
    assert end(gateway, use, "void") == voided
    assert (gateway.posted("all"), gateway.open("all")) == before
    assert "voided" in no(gateway, f"/{use}/settle", {"usd": "0.05"}, 409, "path")
    assert "voided" in no(gateway, f"/{use}/lose", {}, 409, "path")
    assert record(gateway, use).attempts[0].reason == "out of stock"


def test_what_is_lost_counts_as_spent_until_its_program_says_otherwise(gateway):
    before = gateway.posted("all"), gateway.open("all")
    use = reserve(gateway, "l1")["id"]
    lost = end(gateway, use, "lose", reason="the connection broke")
    assert (lost["state"], lost["cost_usd"]) == ("unknown", None)
    assert lost["charged_at"]
    assert end(gateway, use, "lose") == lost
    assert (gateway.posted("all"), gateway.open("all")) == (before[0], before[1] + 100_000_000)
    assert end(gateway, use, "settle", usd="0.03")["cost_usd"] == "0.03"
    assert (gateway.posted("all"), gateway.open("all")) == (before[0] + 30_000_000, before[1])
    other = reserve(gateway, "l2")["id"]
    end(gateway, other, "lose")
    assert end(gateway, other, "void")["cost_usd"] == "0", "its program knows that nothing was bought"
    assert (gateway.posted("all"), gateway.open("all")) == (before[0] + 30_000_000, before[1])


def test_more_than_was_held_is_charged_and_closes_the_gate_of_the_tool(gateway):
    before = gateway.posted("all")
    use = reserve(gateway, "o1", tool="dear")["id"]
    assert end(gateway, use, "settle", usd="0.15")["cost_usd"] == "0.15"
    assert gateway.posted("all") == before + 150_000_000
    error = refused(
        gateway,
        "POST",
        "/tool-uses",
        {"once": "o2", "run": "r1", "tool": "dear", "most_usd": "0.1"},
        status=402,
        **as_key("a"),
    )
    assert error["farthing"]["code"] == "provider_overran"
    assert "aise its `most`" in error["message"]


def test_nobody_who_is_heard_of_no_more_buys_for_free(gateway):
    before = gateway.posted("all"), gateway.open("all")
    use = reserve(gateway, "dead", seconds=1)["id"]
    gone = until(gateway, use, "unknown")
    assert gone["charged_at"]
    assert "within 1 s" in record(gateway, use).attempts[0].reason
    assert (gateway.posted("all"), gateway.open("all")) == (before[0], before[1] + 100_000_000)
    assert end(gateway, use, "settle", usd="0.02")["cost_usd"] == "0.02", "it was only late"
    assert (gateway.posted("all"), gateway.open("all")) == (before[0] + 20_000_000, before[1])


def test_what_a_policy_has_charged_is_corrected_by_its_program_and_by_name(hasty):
    use = reserve(hasty, "charged", seconds=1)["id"]
    charged = until(hasty, use, "settled")
    assert (charged["cost_usd"], charged["source"]) == ("0.1", "estimate")
    assert hasty.posted("all") == 100_000_000
    assert end(hasty, use, "lose")["source"] == "estimate"
    late = end(hasty, use, "settle", usd="0.02")
    assert (late["cost_usd"], late["source"]) == ("0.02", "provider")
    assert end(hasty, use, "settle", usd="0.02") == late
    assert hasty.posted("all") == 20_000_000
    (change,) = record(hasty, use).adjustments
    assert (change.by, change.reason) == ("key a", "told after its deadline")


def test_a_gateway_that_was_stopped_meanwhile_still_counts_it(tmp_path):
    with tool_gateway(tmp_path) as first:
        use, other = (reserve(first, word)["id"] for word in ("kept", "never told"))
    with tool_gateway(tmp_path) as second:
        assert until(second, use, "unknown")["charged_at"]
        assert second.open("all") == 200_000_000
        assert reserve(second, "kept")["id"] == use, "its word still stands for it"
        assert end(second, use, "settle", usd="0.07")["cost_usd"] == "0.07"
        assert (second.posted("all"), second.open("all")) == (70_000_000, 100_000_000)
        assert show(second, other)["state"] == "unknown"


def test_what_another_gateway_on_the_store_holds_is_told_to_that_one(tmp_path):
    with tool_gateway(tmp_path) as second:
        with tool_gateway(tmp_path) as first:
            use = reserve(first, "elsewhere")["id"]
            assert show(second, use)["expires_at"] is None
            for how, body in (("settle", {"usd": "0.05"}), ("void", {}), ("lose", {})):
                assert "another gateway" in end(second, use, how, status=503, **body)["error"]["message"]
            assert second.open("all") == 100_000_000
        until(second, use, "unknown")
        assert end(second, use, "settle", usd="0.05")["cost_usd"] == "0.05"
        assert (second.posted("all"), second.open("all")) == (50_000_000, 0)


@pytest.mark.parametrize("path", ["/call_0000000000000010", "/nothing"])
def test_what_is_no_use_is_not_there(gateway, path):
    status = 404 if path.startswith("/call") else 400
    no(gateway, f"{path}/settle", {"usd": "1"}, status, "path")
