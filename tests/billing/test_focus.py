"""FOCUS rows, by our own reading and by the rules of `focus-data-toolkit` for 1.4."""

import json
from decimal import Decimal

import msgspec
import pytest

from farthing.billing.export_text import focus_objects
from farthing.billing.focus import charge_key, focus_rows
from farthing.billing.focus_columns import VERSIONS
from farthing.domain.usage import Usage
from support.bill_lines import bill, line, lump, other
from support.billing_world import billing_world

focus_model = pytest.importorskip(
    "focus_data_toolkit.model.validator", reason="the rules of FOCUS 1.4: pip install focus-data-toolkit"
)
SUPPORTED = ("SupportsUnitPricing", "SupportsMultiplePricingCategories")
EVERY_METER = (
    line(),
    line(meter="cache_read", each=1_250_000, list_each=1_300_000),
    line(meter="cache_write_5m", each=3_750_000, tier="batch"),
    line(meter="cache_write_1h", each=6_000_000),
    line(meter="audio_input", each=40_000_000),
    line(meter="cached_audio_input", each=2_500_000),
    line(meter="output", each=10_000_000),
    line(meter="audio_output", each=80_000_000),
    line(meter="web_search", quantity=3, each=10_000_000_000),
    line(meter="request", quantity=7, each=5_000_000),
    line(meter="input", each=0, list_each=150_000),
    lump("rounding", 999),
    lump("estimated", 7_000),
    lump("unexplained", 12_000),
    msgspec.structs.replace(lump("unpriced", 0), quantity=2, input_tokens=10, output_tokens=3),
    line("", agent="=cmd()"),
    line("", meter="rounding", quantity=0, each=0, picos=7),
    line("search", agent="", workflow="täglich, «x»"),
    line(quantity=-10, corrects="2026-09"),
    lump("estimated", -7_000, corrects="2026-09"),
    msgspec.structs.replace(lump("unpriced", 0, corrects="2026-09"), quantity=-1, input_tokens=-10),
    other("search", 5_000_000, bookings=3),
    other("compute", 1, day=2),
    other("=Exa's «deep» search"),
    other("search", 7, team=""),
    other("search", -3, corrects="2026-09"),
)
TWELVE = Decimal("1e-12")


def rows(found, version="1.4", **more):
    return list(focus_objects(focus_rows(found, version, book="b00c", **more), version))


def lint(found):
    given = [{name: value or "" for name, value in row.items()} for row in found]
    report = focus_model.lint_focus_1_4_structure("Cost and Usage", given, supported_conditions=SUPPORTED)
    return report.messages()


@pytest.mark.parametrize("allocate", [False, True])
def test_focus_1_4_finds_nothing_wrong_with_any_kind_of_row(allocate):
    assert lint(rows(bill(*EVERY_METER, by="direct"), allocate=allocate)) == []


def test_the_rules_do_find_what_is_wrong():
    found = rows(bill(*EVERY_METER))
    found[0]["BilledCost"] = "2.5e-06"
    found[1]["ContractedCost"] = "7.0"
    found[2]["ChargeClass"] = "Mistake"
    assert len(lint(found)) == 3


def test_focus_1_4_finds_nothing_wrong_with_a_month_of_a_real_ledger():
    with billing_world(prices=[{"model": "gpt-4o", "input": Decimal("1.1"), "output": 3}]) as world:
        for number in range(40):
            model = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gpt-99")[number % 4]
            provider = "anthropic" if model.startswith("claude") else "openai"
            team = {"team": "support"} if number % 3 else {}
            call = world.open(1_791_000_000_000 + number * 40_000_000, model=model, provider=provider, **team)
            world.settle(
                call, Usage(input_tokens=1_000 + number, output_tokens=number, cache_read_input_tokens=number * 3)
            )
        books = world.books()
        found = rows(books.bill("2026-10"))
        assert len(found) > 60
        assert lint(found) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("allocate", [False, True])
def test_the_rows_add_up_to_the_bill(version, allocate):
    found = bill(*EVERY_METER, by="direct")
    made = rows(found, version, allocate=allocate)
    assert sum(Decimal(row["BilledCost"]) for row in made) == found.picos * TWELVE
    assert sum(int(row["x_RequestCount"]) for row in made) == sum(line.requests for line in found.lines)


def test_quantity_times_price_is_the_cost():
    for row in rows(bill(*EVERY_METER)):
        if row["PricingQuantity"] is not None:
            quantity = Decimal(row["PricingQuantity"])
            assert quantity * Decimal(row["ContractedUnitPrice"]) == Decimal(row["ContractedCost"])
            assert quantity * Decimal(row["ListUnitPrice"]) == Decimal(row["ListCost"])


def test_prices_are_those_of_a_million_tokens_and_of_a_thousand_searches():
    tokens, searches = rows(bill(line(), line(meter="web_search", quantity=3, each=10_000_000_000)))
    assert (tokens["ListUnitPrice"], tokens["PricingUnit"], tokens["PricingQuantity"]) == (
        "2.5",
        "1000000 Tokens",
        "0.001",
    )
    assert (tokens["ConsumedQuantity"], tokens["ConsumedUnit"], tokens["x_TokenType"]) == ("1000.0", "Tokens", "input")
    assert (searches["ListUnitPrice"], searches["PricingUnit"]) == ("10.0", "1000 Searches")
    assert searches["x_TokenType"] is None


def test_list_and_contract_prices_stand_side_by_side():
    (row,) = rows(bill(line(each=2_000_000, list_each=2_500_000)))
    assert (row["ContractedCost"], row["BilledCost"], row["EffectiveCost"], row["ListCost"]) == (
        "0.002",
        "0.002",
        "0.002",
        "0.0025",
    )


def test_what_has_no_price_costs_nothing_that_is_known_and_says_so():
    (row,) = rows(bill(msgspec.structs.replace(lump("unpriced", 0), quantity=2, input_tokens=10, output_tokens=3)))
    assert (row["x_Unpriced"], row["x_UnpricedAttempts"], row["BilledCost"]) == ("true", "2", "0.0")
    assert (row["x_InputTokens"], row["x_OutputTokens"], row["PricingQuantity"]) == ("10", "3", None)
    assert "is not zero" in row["ChargeDescription"]


def test_estimates_say_so():
    estimated, metered = rows(bill(lump("estimated", 7_000), line()))
    assert (estimated["x_CostEstimated"], metered["x_CostEstimated"]) == ("true", "false")
    assert "policy" in estimated["ChargeDescription"]


def test_who_sells_hosts_and_bills():
    (new,), (old,) = rows(bill(line(), issuer="Platform")), rows(bill(line(), issuer="Platform"), "1.2")
    assert (new["InvoiceIssuerName"], new["ServiceProviderName"], new["HostProviderName"]) == (
        "Platform",
        "Platform",
        "OpenAI",
    )
    assert (old["InvoiceIssuerName"], old["ProviderName"], old["PublisherName"]) == ("Platform", "Platform", "OpenAI")


def test_a_team_is_a_sub_account_and_an_agent_or_key_a_resource():
    (agent,) = rows(bill(line()))
    assert (agent["SubAccountId"], agent["SubAccountType"], agent["ResourceId"], agent["ResourceType"]) == (
        "support",
        "Team",
        "bot",
        "Agent",
    )
    (key,) = rows(bill(msgspec.structs.replace(line(), labels=("support", "k1")), labels=("key",)))
    assert (key["ResourceId"], key["ResourceType"]) == ("k1", "Key")
    (nobody,) = rows(bill(line("", agent="")))
    assert (nobody["SubAccountId"], nobody["ResourceId"], nobody["Tags"]) == (None, None, "{}")


def test_tags_are_json_in_the_order_of_their_names():
    (row,) = rows(bill(line(workflow="refund")))
    assert row["Tags"] == '{"agent":"bot","team":"support","workflow":"refund"}'


def test_a_correction_names_the_month_and_the_charge_it_corrects():
    own = line()
    late = msgspec.structs.replace(own, quantity=-10, picos=-10 * own.each, corrects="2026-09")
    (row,) = rows(bill(late))
    assert (row["ChargeClass"], row["x_CorrectedPeriod"], row["BilledCost"]) == ("Correction", "2026-09", "-0.000025")
    assert row["x_CorrectionOf"] == charge_key(own, "2026-09")
    assert row["x_ChargeKey"] != row["x_CorrectionOf"]
    assert row["ChargeDescription"].startswith("Correction of 2026-09")
    assert row["BillingPeriodStart"] == "2026-10-01T00:00:00Z"


def test_no_two_rows_have_one_key():
    made = rows(bill(*EVERY_METER, by="direct"), allocate=True)
    keys = [row["x_ChargeKey"] for row in made]
    assert len(set(keys)) == len(keys)


def test_the_parts_of_a_shared_charge_lead_back_to_it():
    made = rows(bill(line(), line("search"), line("", quantity=10, each=1), by="equal"), allocate=True)
    parts = [row for row in made if row["AllocatedMethodId"]]
    assert [row["SubAccountId"] for row in parts] == ["search", "support"]
    assert {row["x_SplitOriginCost"] for row in parts} == {"0.00000000001"}
    ratios = [json.loads(row["AllocatedMethodDetails"])["Elements"][0]["AllocatedRatio"] for row in parts]
    assert ratios == [0.5, 0.5]
    assert json.loads(parts[0]["AllocatedTags"]) == {"team": "search"}
    assert not any(row["AllocatedMethodId"] for row in rows(bill(line("", quantity=10), line(), by="equal")))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cost_beside_models_is_a_service_of_its_own_without_any_price(version):
    (row,) = rows(bill(other("search", 5_000_000, bookings=3)), version)
    for column in ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost"):
        assert row[column] == "0.005"
    assert (row["ServiceName"], row["ServiceCategory"], row["ServiceSubcategory"]) == ("search", "Analytics", "Search")
    assert (row["ChargeCategory"], row["ChargeDescription"]) == (
        "Adjustment",
        "Cost beside models: search, booked 3 times",
    )
    assert (row["SubAccountId"], row["ResourceId"], row["x_Meter"]) == ("support", "bot", "other:search")
    priced = [
        name for name, value in row.items() if value and ("UnitPrice" in name or "Quantity" in name or "Sku" in name)
    ]
    assert priced == []
    assert row["x_Model"] is row["x_Provider"] is row["x_ServiceTier"] is row["x_PriceBookVersion"] is None


def test_parts_of_a_shared_cost_beside_models_add_up_to_it():
    found = rows(bill(line(), line("search"), other("search", 7, team=""), by="equal"), allocate=True)
    parts = [row for row in found if row["x_Meter"] == "other:search"]
    assert [(row["SubAccountId"], row["BilledCost"]) for row in parts] == [
        ("search", "0.0000000035"),
        ("support", "0.0000000035"),
    ]
