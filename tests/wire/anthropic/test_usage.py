"""Anthropic's usage in the canonical form; classes of cost bugs are named by their numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.usage import Usage
from farthing.wire.anthropic.usage import canonical, merged, read_reported
from support.messages_wire import WHOLE_USAGE, compact


def usage_of(_given=None, *, hour_only=False, observed=False, **fields):
    return canonical(read_reported(compact(_given or fields)), hour_only=hour_only, observed=observed)


def test_class_1_and_r53_cached_tokens_are_added_once_to_an_input_that_leaves_them_out():
    usage, flaw = usage_of(WHOLE_USAGE)
    assert flaw == ""
    assert usage == Usage(
        input_tokens=1321,
        output_tokens=45,
        cache_read_input_tokens=1000,
        cache_write_input_tokens=300,
        cache_write_1h_input_tokens=200,
        reasoning_output_tokens=20,
        web_search_requests=2,
    )


def test_class_1_thinking_is_a_part_of_the_output_and_never_added():
    usage, _ = usage_of(input_tokens=5, output_tokens=50, output_tokens_details={"thinking_tokens": 50})
    assert usage.output_tokens == 50
    assert usage.reasoning_output_tokens == 50


def test_class_5_writes_for_an_hour_are_told_apart():
    usage, _ = usage_of(
        input_tokens=1,
        output_tokens=1,
        cache_creation_input_tokens=100,
        cache_creation={"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 100},
    )
    assert (usage.cache_write_input_tokens, usage.cache_write_1h_input_tokens) == (100, 100)


def test_class_6_writes_beyond_the_split_are_priced_too():
    started = read_reported(
        compact(
            {
                "input_tokens": 3,
                "output_tokens": 1,
                "cache_creation_input_tokens": 100,
                "cache_creation": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 60},
            }
        )
    )
    ended = read_reported(compact({"input_tokens": 9, "output_tokens": 70, "cache_creation_input_tokens": 1100}))
    usage, _ = canonical(merged(started, ended))
    assert usage.cache_write_input_tokens == 1100
    assert usage.cache_write_1h_input_tokens == 60
    assert usage.input_tokens == 1109


def test_class_6_writes_beyond_the_split_are_for_an_hour_where_nothing_else_was_asked_for():
    counts = {"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 1000}
    split = {"cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 60}}
    assert usage_of({**counts, **split}, hour_only=True)[0].cache_write_1h_input_tokens == 1000
    assert usage_of(counts, hour_only=True)[0].cache_write_1h_input_tokens == 1000
    assert usage_of(counts)[0].cache_write_1h_input_tokens == 0


def test_a_split_that_is_larger_than_its_total_counts():
    usage, _ = usage_of(input_tokens=1, output_tokens=1, cache_creation={"ephemeral_1h_input_tokens": 7})
    assert (usage.cache_write_input_tokens, usage.input_tokens) == (7, 8)


def test_compaction_and_advisor_rounds_are_billed_beside_the_top_level_counts():
    rounds = [
        {"type": "message", "input_tokens": 10, "output_tokens": 5},
        {"type": "compaction", "input_tokens": 100, "output_tokens": 30, "cache_read_input_tokens": 900},
        {"type": "advisor_message", "model": "claude-opus-4-6", "input_tokens": 7, "output_tokens": 2},
    ]
    usage, _ = usage_of(input_tokens=10, output_tokens=5, iterations=rounds)
    assert (usage.input_tokens, usage.output_tokens) == (10 + 1000 + 7, 5 + 30 + 2)


def test_r38_zeroes_that_were_never_measured_are_not_believed():
    usage, flaw = usage_of(input_tokens=0, output_tokens=0)
    assert usage is None
    assert "zero input" in flaw


def test_r38_zero_output_beside_output_is_not_believed():
    assert usage_of(input_tokens=9, output_tokens=0, observed=True)[0] is None
    assert usage_of(input_tokens=9, output_tokens=0)[0] == Usage(input_tokens=9)  # max_tokens 0 fills the cache only


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"output_tokens": 5}, "input_tokens"),
        ({"input_tokens": 5}, "output_tokens"),
        ({"input_tokens": -5, "output_tokens": 5}, "negative"),
        ({"input_tokens": -5, "output_tokens": 5, "cache_read_input_tokens": 100}, "cached tokens exceed"),
        ({"input_tokens": 5, "output_tokens": 5, "cache_read_input_tokens": -1}, "negative"),
        ({"input_tokens": 5, "output_tokens": 1 << 41}, "more tokens than any answer"),
        (
            {"input_tokens": 5, "output_tokens": 5, "iterations": [{"type": "compaction", "input_tokens": -3}]},
            "negative",
        ),
        ({"input_tokens": 5, "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 6}}, "reasoning"),
    ],
)
def test_the_impossible_is_not_believed_and_named(fields, named):
    usage, flaw = usage_of(fields)
    assert usage is None
    assert named in flaw


@pytest.mark.parametrize(("speed", "tier", "billed"), [
    ("standard", "standard", ""), ("fast", "standard", "fast"), (None, "priority", ""), (None, "batch", "batch"),
])  # fmt: skip
def test_the_tier_is_the_one_that_bills(speed, tier, billed):
    assert read_reported(compact({"speed": speed, "service_tier": tier})).tier == billed


counts = st.integers(0, 10**6)


@given(counts, counts, counts, counts, counts, st.booleans())
def test_whatever_is_reported_every_part_is_billed_exactly_once(fresh, read, five, hour, more, hour_only):
    usage, _ = usage_of(
        input_tokens=fresh,
        output_tokens=1,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=five + hour + more,
        cache_creation={"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour},
        hour_only=hour_only,
    )
    total = fresh + read + five + hour + more
    assert (usage is None) == (total == 0)
    if usage is not None:
        assert usage.input_tokens == total
        assert usage.cache_write_input_tokens == five + hour + more
        assert usage.cache_write_1h_input_tokens == hour + (more if hour_only else 0)


@given(counts, counts)
def test_the_greater_of_two_cumulative_counts_is_kept_in_any_order(first, then):
    one, two = (read_reported(compact({"input_tokens": n, "output_tokens": n})) for n in (first, then))
    assert merged(one, two) == merged(two, one)
    assert merged(one, two).output_tokens == max(first, then)
    assert merged(None, two) is two
