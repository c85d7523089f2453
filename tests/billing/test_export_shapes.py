"""Every shape of export, read to the last column."""

from farthing.billing.claim import Claim
from farthing.billing.export_file import read_export
from farthing.billing.export_shapes import SHAPES
from support import provider_exports as given
from support.provider_exports import as_json

DOLLAR = 10**12


def read(raw, provider):
    found = read_export(raw if isinstance(raw, bytes) else raw.encode(), provider, "2026-10")
    return found.shape, *found.claims


def test_openais_usage_report():
    shape, claim = read(as_json(given.OPENAI_USAGE), "openai")
    assert shape == "OpenAI usage report"
    assert claim == Claim(
        model="gpt-4o-mini", requests=5, input_tokens=1_000, cache_read_input_tokens=800, output_tokens=500
    )


def test_openais_cost_report():
    assert read(as_json(given.OPENAI_COSTS), "openai") == (
        "OpenAI cost report",
        Claim(model="gpt-4o-mini", picos=DOLLAR * 16 // 100),
    )


def test_openais_usage_export():
    _, claim = read(given.OPENAI_USAGE_CSV, "openai")
    assert claim == Claim(
        model="gpt-4o", requests=3, input_tokens=7_162, cache_read_input_tokens=1_280, output_tokens=40
    )


def test_openais_cost_export_without_models():
    assert read(given.OPENAI_COST_CSV, "openai") == ("OpenAI cost export", Claim(model="", picos=3_835_980_000))


def test_anthropics_usage_report_where_the_total_is_the_sum_of_four():
    shape, claim = read(as_json(given.ANTHROPIC_USAGE), "anthropic")
    assert shape == "Anthropic usage report"
    assert claim == Claim(
        model="claude-sonnet-4-5",
        input_tokens=3_200,
        cache_read_input_tokens=200,
        cache_write_input_tokens=1_500,
        output_tokens=500,
        web_searches=10,
    )


def test_anthropics_cost_report_is_in_cents():
    assert read(as_json(given.ANTHROPIC_COSTS), "anthropic")[1].picos == 1_234_500_000_000


def test_anthropics_usage_export():
    _, claim = read(given.ANTHROPIC_USAGE_CSV, "anthropic")
    assert (claim.model, claim.input_tokens, claim.cache_write_input_tokens) == ("claude-haiku-4-5", 157_244, 30)


def test_anthropics_cost_export_is_what_was_paid_not_the_list():
    assert read(given.ANTHROPIC_COST_CSV, "anthropic")[1] == Claim(model="claude-haiku-4-5", picos=DOLLAR * 7 // 100)


def test_a_plain_table_of_anybodys():
    _, claim = read(given.PLAIN_CSV, "whoever")
    assert (claim.requests, claim.input_tokens, claim.picos) == (11, 1_010, DOLLAR * 3 // 2)


def test_what_a_shape_needs_it_also_knows():
    for shape in SHAPES:
        assert shape.needs <= shape.knows | set(shape.when), shape.name
