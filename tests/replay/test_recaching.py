"""The record, changed by as much as two simulated caches differ; never by what both have."""

import msgspec
import pytest

from farthing.domain.usage import Usage
from farthing.replay.recaching import Seen, astray, recached
from farthing.testing.caches import Found
from support.past_calls import a_call

CLAUDE = {"dialect": "anthropic-messages", "model": "claude-sonnet-4-5"}


def call_of(read=0, written=0, hour=0, whole=10_000, **more):
    usage = Usage(
        input_tokens=whole,
        output_tokens=9,
        cache_read_input_tokens=read,
        cache_write_input_tokens=written,
        cache_write_1h_input_tokens=hour,
    )
    return msgspec.structs.replace(a_call(), usage=usage, **more)


def after(call, then, now, *, told=True, usage=None):
    found = recached(usage or call.usage, call, Seen(then, now, told))
    assert found.flaw() is None
    return found.cache_read_input_tokens, found.cache_write_input_tokens, found.cache_write_1h_input_tokens


@pytest.mark.parametrize("more", [{}, CLAUDE], ids=["automatic", "on demand"])
def test_what_both_worlds_have_stays_as_recorded(more):
    call = call_of(4_321, **more)
    assert after(call, Found(read=4_000), Found(read=4_000)) == (4_321, 0, 0)


def test_what_no_longer_fits_is_cut():
    call = call_of(4_000, 3_000, **CLAUDE)
    short = msgspec.structs.replace(
        call.usage, input_tokens=5_000, cache_read_input_tokens=0, cache_write_input_tokens=0
    )
    assert after(call, Found(4_000, 3_000), Found(4_000, 3_000), usage=short) == (4_000, 1_000, 0)


@pytest.mark.parametrize(
    ("recorded", "then", "now", "read"),
    [(5_000, 5_000, 2_000, 2_000), (4_000, 5_000, 2_500, 2_000), (0, 5_000, 2_000, 0), (100, 0, 2_000, 2_100),
     (5_000, 5_000, 0, 0), (9_000, 100, 8_000, 10_000)],
)  # fmt: skip
def test_automatic_caches_read_less_in_proportion_and_more_by_as_much(recorded, then, now, read):
    assert after(call_of(recorded), Found(read=then), Found(read=now)) == (read, 0, 0)


def test_an_hour_keeps_what_five_minutes_lost():
    call = call_of(0, 6_000, **CLAUDE)
    now = Found(read=5_000, written_1h=1_000)
    assert after(call, Found(written_5m=6_000), now) == (5_000, 1_000, 1_000)


def test_tokens_of_the_simulation_are_as_many_as_the_providers_were():
    call = call_of(0, 6_600, **CLAUDE)
    assert after(call, Found(written_5m=6_000), Found(read=5_000, written_5m=1_000)) == (5_500, 1_100, 0)


def test_what_the_provider_never_cached_it_does_not_cache_now():
    call = call_of(0, 0, **CLAUDE)
    assert after(call, Found(written_5m=6_000), Found(read=5_000, written_5m=1_000)) == (0, 0, 0)


def test_breakpoints_where_there_were_none_are_taken_from_the_simulation():
    assert after(call_of(**CLAUDE), Found(), Found(read=5_000, written_5m=700)) == (5_000, 700, 0)


def test_a_provider_that_is_told_nothing_caches_nothing_whatever_the_record_says():
    assert after(call_of(4_000, 900, **CLAUDE), Found(), Found(), told=False) == (0, 0, 0)


def test_how_far_the_simulation_is_off_counts_what_is_billed():
    seen = Seen(Found(read=4_000, written_5m=900), Found(), told=True)
    assert astray(call_of(4_100, 0), seen) == 100
    assert astray(call_of(4_100, 1_000, **CLAUDE), seen) == 200
    assert astray(call_of(4_000, 900, **CLAUDE), seen) == 0
    assert astray(call_of(), None) is None
