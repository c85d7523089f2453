"""Traces of lengths: two shapes, the cache they would have used, and the bill they would have had."""

import pytest

from farthing.pricing.book import PriceBook
from farthing.replay import traces
from farthing.replay.caches import Part, parts_of

BOOK = PriceBook.load()
MOONCAKE = {"timestamp": 1_000, "input_length": 1_200, "output_length": 50, "hash_ids": [1, 2, 3]}
AZURE = {"TIMESTAMP": "2023-11-16 18:17:03.9799600", "ContextTokens": "4808", "GeneratedTokens": "10"}


def billed(*rows, model="gpt-4o"):
    made = ((f"file:{number}", row) for number, row in enumerate(rows, 1))
    return list(traces.Billed(model, BOOK).calls(made))


def test_the_blocks_of_a_prompt_sum_to_its_length():
    row = traces.mooncake(MOONCAKE)
    assert row.blocks == ((1, 512), (2, 512), (3, 176))
    assert (row.at_ms, row.output_tokens) == (traces.EPOCH_MS + 1_000, 50)


def test_what_no_block_covers_is_like_nothing_else():
    row = traces.mooncake(MOONCAKE | {"hash_ids": [1]})
    assert row.blocks == ((1, 512), ("rest/1000", 688))


def test_azure_writes_numbers_as_text_and_tenths_of_microseconds():
    row = traces.azure(AZURE)
    assert (row.input_tokens, row.output_tokens, row.at_ms % 1_000) == (4_808, 10, 979)


@pytest.mark.parametrize(
    ("read", "row", "field"),
    [
        (traces.mooncake, MOONCAKE | {"input_length": -1}, "input_length"),
        (traces.mooncake, MOONCAKE | {"output_length": "many"}, "output_length"),
        (traces.mooncake, MOONCAKE | {"hash_ids": ["a"]}, "hash_ids"),
        (traces.mooncake, MOONCAKE | {"timestamp": True}, "timestamp"),
        (traces.azure, AZURE | {"TIMESTAMP": "yesterday"}, "TIMESTAMP"),
        (traces.azure, AZURE | {"ContextTokens": None}, "ContextTokens"),
    ],
)
def test_a_row_that_is_wrong_names_its_field(read, row, field):
    with pytest.raises(ValueError, match=field):
        read(row)


def test_a_prompt_that_begins_like_one_before_is_read_from_the_cache():
    first, second = billed(traces.mooncake(MOONCAKE | {"hash_ids": [1, 2, 9]}), traces.mooncake(MOONCAKE))
    assert first.usage.cache_read_input_tokens == 0
    assert second.usage.cache_read_input_tokens == 1_024
    fresh = 1_200 - 1_024
    assert second.cost_nanos == fresh * 2_500 + 1_024 * 1_250 + 50 * 10_000


def test_calls_have_prompts_in_parts_and_ids_that_rise():
    calls = billed(*(traces.mooncake(MOONCAKE | {"timestamp": at}) for at in (5, 3, 9)))
    assert parts_of(calls[0], 1_200)[0] == Part(1, 512)
    assert [call.arrived_ms - traces.EPOCH_MS for call in calls] == [5, 5, 9], "out of order is put in order"
    assert len({call.id for call in calls}) == 3
    assert sorted(call.id for call in calls) == [call.id for call in calls]


def test_anthropic_caches_nothing_that_no_body_marks():
    first, second = billed(*[traces.mooncake(MOONCAKE)] * 2, model="claude-sonnet-4-5")
    assert (second.dialect, second.usage.cache_read_input_tokens) == ("anthropic-messages", 0)
    assert first.cost_nanos == second.cost_nanos


def test_a_model_without_a_price_has_no_bill():
    (call,) = billed(traces.azure(AZURE), model="no-such-model")
    assert call.cost_nanos is None
    assert call.usage is not None
