"""Usage: what is impossible is named, what is possible passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.usage import Usage


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({"output_tokens": -1}, "output_tokens is negative"),
        ({"input_tokens": 10, "cache_read_input_tokens": 6, "cache_write_input_tokens": 5}, "cached tokens exceed"),
        (
            {"input_tokens": 10, "cache_write_input_tokens": 5, "cache_write_1h_input_tokens": 6},
            "one-hour cache writes",
        ),
        ({"input_tokens": 10, "audio_input_tokens": 11}, "audio_input_tokens exceed"),
        (
            {"input_tokens": 10, "audio_input_tokens": 5, "cached_audio_input_tokens": 1},
            "cached_audio_input_tokens exceed",
        ),
        ({"output_tokens": 10, "reasoning_output_tokens": 8, "audio_output_tokens": 3}, "reasoning and audio exceed"),
        ({"web_search_requests": -1}, "web_search_requests is negative"),
    ],
)
def test_impossible_counts_are_named(counts, says):
    assert says in (Usage(**counts).flaw() or "")


@pytest.mark.parametrize("field", Usage.__struct_fields__)
def test_no_count_may_be_negative(field):
    enough = dict.fromkeys(Usage.__struct_fields__, 0) | {"input_tokens": 10, "output_tokens": 10}
    assert Usage(**enough).flaw() is None
    assert Usage(**(enough | {field: -1})).flaw() == f"{field} is negative"


@given(st.data())
def test_parts_within_their_totals_are_believed(data):
    total = data.draw(st.integers(0, 10**9))
    read = data.draw(st.integers(0, total))
    written = data.draw(st.integers(0, total - read))
    output = data.draw(st.integers(0, 10**9))
    usage = Usage(
        input_tokens=total,
        output_tokens=output,
        cache_read_input_tokens=read,
        cache_write_input_tokens=written,
        cache_write_1h_input_tokens=data.draw(st.integers(0, written)),
        reasoning_output_tokens=data.draw(st.integers(0, output)),
    )
    assert usage.flaw() is None
