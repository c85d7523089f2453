"""The makers' prompt caches, as tables."""

from array import array

import pytest

from farthing.testing.answer import Block
from farthing.testing.caches import AutomaticCache, BreakpointCache, Found
from farthing.testing.clock import ManualClock


@pytest.fixture
def clock():
    return ManualClock()


def prompt(length, start=0):
    return array("q", range(start, start + length))


class TestAutomatic:
    """OpenAI: from 1,024 tokens on, in steps of 128, the last token always computed."""

    @pytest.fixture
    def cache(self, clock):
        return AutomaticCache(clock)

    def read(self, cache, tokens, owner="k"):
        return cache.use(owner, tokens, minimum=1_024).read

    @pytest.mark.parametrize(
        ("length", "cached"),
        [(1_023, 0), (1_024, 0), (1_025, 1_024), (1_152, 1_024), (1_153, 1_152), (1_280, 1_152), (5_000, 4_992)],
    )
    def test_the_same_prompt_is_found_in_steps(self, cache, length, cached):
        assert self.read(cache, prompt(length)) == 0
        assert self.read(cache, prompt(length)) == cached

    @pytest.mark.parametrize(
        ("shared", "cached"), [(1_023, 0), (1_024, 1_024), (1_500, 1_408), (2_047, 1_920), (2_048, 2_048)]
    )
    def test_only_the_common_prefix_is_found(self, cache, shared, cached):
        self.read(cache, prompt(3_000))
        assert self.read(cache, prompt(shared) + prompt(1_000, 90_000)) == cached

    def test_a_growing_conversation_reads_what_it_wrote(self, cache):
        reads = [self.read(cache, prompt(length)) for length in (1_000, 1_500, 2_000, 2_500)]
        assert reads == [0, 0, 1_408, 1_920]

    def test_another_key_or_model_reads_nothing(self, cache):
        self.read(cache, prompt(2_000), "k/gpt-4o")
        assert self.read(cache, prompt(2_000), "k/gpt-5") == 0
        assert self.read(cache, prompt(2_000), "k/gpt-4o") == 1_920

    def test_an_unused_prefix_expires_and_a_read_renews_it(self, cache, clock):
        self.read(cache, prompt(2_000))
        clock.advance(minutes=9)
        assert self.read(cache, prompt(2_000)) == 1_920
        clock.advance(minutes=9)
        assert self.read(cache, prompt(2_000)) == 1_920
        clock.advance(minutes=10)
        assert self.read(cache, prompt(2_000)) == 0

    def test_extended_retention_lasts_a_day(self, cache, clock):
        cache.use("k", prompt(2_000), minimum=1_024, span_ms=24 * 3_600_000)
        clock.advance(hours=23)
        assert self.read(cache, prompt(2_000)) == 1_920

    def test_what_is_written_is_the_whole_steps_that_were_not_read(self, cache):
        assert cache.use("k", prompt(1_100), minimum=1_024) == Found(0, 1_024)
        assert cache.use("k", prompt(1_500), minimum=1_024) == Found(1_024, 384)
        assert cache.use("k", prompt(1_500), minimum=1_024) == Found(1_408, 0)

    def test_a_cleared_cache_is_empty(self, cache):
        self.read(cache, prompt(2_000))
        cache.clear()
        assert self.read(cache, prompt(2_000)) == 0


def blocks(*parts):
    """Blocks from strings like `system:2000:1h`: content, tokens, breakpoint."""
    made = []
    for part in parts:
        content, tokens, *ttl = part.split(":")
        made.append(Block(content, int(tokens), ttl[0] if ttl else ""))
    return made


class TestBreakpoints:
    """Anthropic: written where the request says, found from there up to twenty blocks back."""

    @pytest.fixture
    def cache(self, clock):
        return BreakpointCache(clock)

    def use(self, cache, *parts, minimum=1_024, owner="k"):
        return cache.use(owner, blocks(*parts), minimum=minimum)

    def test_without_a_breakpoint_nothing_is_cached(self, cache):
        assert self.use(cache, "a:5000") == self.use(cache, "a:5000") == Found()

    def test_the_first_request_writes_and_the_second_reads(self, cache):
        assert self.use(cache, "a:2000:5m", "b:10") == Found(0, 2_000, 0)
        assert self.use(cache, "a:2000:5m", "c:10") == Found(2_000, 0, 0)

    @pytest.mark.parametrize(
        ("tokens", "minimum", "written"),
        [(1_023, 1_024, 0), (1_024, 1_024, 1_024), (2_047, 2_048, 0), (4_096, 4_096, 4_096)],
    )
    def test_a_prefix_below_the_minimum_is_not_cached(self, cache, tokens, minimum, written):
        assert self.use(cache, f"a:{tokens}:5m", minimum=minimum).written == written
        assert self.use(cache, f"a:{tokens}:5m", minimum=minimum).read == written

    def test_a_small_block_counts_with_everything_before_it(self, cache):
        assert self.use(cache, "a:1020", "b:10:5m") == Found(0, 1_030, 0)

    def test_a_moving_breakpoint_reads_the_old_and_writes_the_new(self, cache):
        assert self.use(cache, "a:2000", "b:100:5m") == Found(0, 2_100, 0)
        assert self.use(cache, "a:2000", "b:100", "c:50", "d:60:5m") == Found(2_100, 110, 0)
        assert self.use(cache, "a:2000", "b:100", "c:50", "d:60", "e:5:5m") == Found(2_210, 5, 0)

    @pytest.mark.parametrize(("between", "read"), [(18, 2_000), (19, 0)])
    def test_the_look_back_is_twenty_blocks(self, cache, between, read):
        self.use(cache, "a:2000:5m")
        later = [f"x{at}:10" for at in range(between)]
        assert self.use(cache, "a:2000", *later, "end:10:5m").read == read

    def test_a_second_breakpoint_looks_back_from_its_own_place(self, cache):
        self.use(cache, "a:2000:5m")
        later = [f"x{at}:10" for at in range(40)]
        assert self.use(cache, "a:2000:5m", *later, "end:10:5m") == Found(2_000, 410, 0)

    def test_any_change_before_the_breakpoint_is_a_miss(self, cache):
        self.use(cache, "a:2000", "b:100:5m")
        assert self.use(cache, "a2:2000", "b:100:5m") == Found(0, 2_100, 0)

    @pytest.mark.parametrize(
        ("ttl", "minutes", "read"), [("5m", 4, 2_000), ("5m", 5, 0), ("1h", 59, 2_000), ("1h", 60, 0)]
    )
    def test_an_entry_ends_with_its_ttl(self, cache, clock, ttl, minutes, read):
        self.use(cache, f"a:2000:{ttl}")
        clock.advance(minutes=minutes)
        assert self.use(cache, f"a:2000:{ttl}").read == read

    def test_a_read_begins_the_ttl_again(self, cache, clock):
        self.use(cache, "a:2000:5m")
        for _ in range(4):
            clock.advance(minutes=4)
            assert self.use(cache, "a:2000:5m").read == 2_000

    def test_mixed_ttls_are_billed_apart(self, cache):
        assert self.use(cache, "a:2000:1h", "b:300:5m", "c:9") == Found(0, 300, 2_000)
        assert self.use(cache, "a:2000:1h", "b:300:5m", "c:9") == Found(2_300, 0, 0)

    def test_after_five_minutes_only_the_hour_is_left(self, cache, clock):
        self.use(cache, "a:2000:1h", "b:300:5m")
        clock.advance(minutes=6)
        assert self.use(cache, "a:2000:1h", "b:300:5m") == Found(2_000, 300, 0)

    def test_caches_of_other_owners_are_not_seen(self, cache):
        self.use(cache, "a:2000:5m", owner="one")
        assert self.use(cache, "a:2000:5m", owner="two").read == 0

    def test_a_cleared_cache_is_empty(self, cache):
        self.use(cache, "a:2000:5m")
        cache.clear()
        assert self.use(cache, "a:2000:5m").read == 0


def test_old_entries_do_not_fill_the_memory(clock):
    cache = BreakpointCache(clock)
    for number in range(50_001):
        cache.use("k", [Block(f"b{number}", 2_000, "5m")], minimum=1_024)
    assert len(cache._entries._ends) <= 50_000
