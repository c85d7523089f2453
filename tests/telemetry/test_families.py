"""Families: the tally's sums under their names, each identity once."""

from farthing.domain.usage import Usage
from farthing.telemetry.families import HISTOGRAM, of_tally
from farthing.telemetry.tally import Spread
from support.recorded import a_call
from support.tallying import paid, tallied


def families(*calls):
    return {family.name: family for family in of_tally(tallied(*calls))}


def values(family):
    return {point.labels: point.value for point in family.points}


def test_every_point_of_a_family_is_an_identity_of_its_own():
    calls = [
        paid(1),
        paid(2, "b"),
        paid(3, provider="azure"),
        paid(4, provider="azure-openai"),
        a_call(5, closing="refused"),
    ]
    for family in families(*calls, a_call(6, closing="failed", attempts=({"state": "void"},))).values():
        labels = [tuple(sorted(point.labels)) for point in family.points]
        assert len(set(labels)) == len(labels), family.name
        assert (family.kind == HISTOGRAM) == bool(family.bounds)


def test_saved_is_naive_minus_cost():
    found = families(paid(1, cost_nanos=400))
    [saved] = values(found["farthing.saved.nanodollars"]).values()
    [naive] = values(found["farthing.naive.nanodollars"]).values()
    assert (saved, naive) == (400, 800)


def test_tokens_are_told_by_kind_and_kinds_without_any_are_left_out():
    found = families(paid(1, usage=Usage(input_tokens=9, output_tokens=2)))
    kinds = {dict(labels)["kind"]: value for labels, value in values(found["farthing.tokens"]).items()}
    assert kinds == {"input_tokens": 9, "output_tokens": 2}
    [billed] = values(found["gen_ai.client.inference.usage.output_tokens"]).values()
    assert billed == 2


def test_older_names_have_the_same_numbers():
    found = families(paid(1), paid(2))
    assert values(found["gen_ai.client.operation.duration"]) == values(found["gen_ai.client.inference.duration"])
    old = values(found["gen_ai.client.token.usage"])
    assert {dict(labels)["gen_ai.token.type"] for labels in old} == {"input", "output"}
    assert all(isinstance(value, Spread) and value.count == 2 for value in old.values())
    assert {name for name, family in found.items() if family.alias} == {
        "gen_ai.client.operation.duration",
        "gen_ai.client.token.usage",
    }


def test_refusals_are_counted_by_code_and_calls_by_outcome():
    found = families(paid(1), a_call(2, closing="refused"), a_call(3, closing="refused"))
    assert sum(values(found["farthing.refused"]).values()) == 2
    assert {dict(labels)["outcome"]: value for labels, value in values(found["farthing.calls"]).items()} == {
        "paid": 1,
        "refused": 2,
    }


def test_tools_have_a_duration_of_their_own_and_are_no_inference():
    tool = {"provider": "tool", "model": "lookup", "usage": Usage(), "cost_nanos": 7_000}
    used = a_call(2, dialect="tool", model="lookup", attempts=(tool,))
    found, without = families(paid(1), used), families(paid(1))
    [(labels, spread)] = values(found["gen_ai.execute_tool.duration"]).items()
    assert labels == (("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "lookup"), ("error.type", ""))
    assert spread.count == 1
    for name in found:
        if name.startswith("gen_ai.client."):
            assert values(found[name]) == values(without[name]), name
    by_operation = {
        dict(labels)["operation"]: nanos for labels, nanos in values(found["farthing.cost.nanodollars"]).items()
    }
    assert by_operation == {"chat": 1_000, "execute_tool": 7_000}
