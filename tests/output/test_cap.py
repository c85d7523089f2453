"""The output cap: what the caller said, else a default that the model accepts, and what is told about it."""

import pytest

from farthing.domain.model import ModelFacts
from farthing.output.cap import MIN_THINKING, Defaults, cut_by_cap, told, wanted
from farthing.wire.dialect import Asked

PLAIN = ModelFacts(name="m", context_tokens=128_000, max_output_tokens=16_384)
SMALL = ModelFacts(name="gpt-4", context_tokens=8_192, max_output_tokens=8_192)


def cap_of(facts=PLAIN, floor=256, **asked):
    return wanted(Asked(model="m", **asked), facts, Defaults(), floor)


def test_a_cap_that_the_caller_names_is_kept_even_above_what_the_model_gives():
    assert cap_of(cap=100_000).cap == 100_000
    assert cap_of(cap=100_000).origin == "caller"


def test_without_a_cap_there_is_a_default_and_a_larger_one_where_the_call_reasons():
    thinks = ModelFacts(name="m", max_output_tokens=100_000, reasons=True)
    assert cap_of().cap == 8_192
    assert cap_of(thinks).cap == 32_000
    assert cap_of(ModelFacts(name="m"), reasons=True).cap == 32_000
    assert cap_of().origin == "default"


def test_a_default_is_never_above_what_the_model_gives():
    assert cap_of(ModelFacts(name="m", max_output_tokens=4_096)).cap == 4_096


def test_a_default_leaves_room_for_the_prompt_in_the_window():
    """GPT-4 refuses 8,192 tokens of answer beside any prompt: together they exceed its window."""
    found = cap_of(SMALL, text_bytes=4_000, overhead_tokens=10)
    assert found.cap == 8_192 - 2_000 - 10
    assert cap_of(SMALL, text_bytes=400_000).cap == 256
    assert cap_of(SMALL, text_bytes=4_000, cap=8_192).cap == 8_192


def test_an_unknown_window_changes_no_default():
    assert cap_of(ModelFacts(name="m"), text_bytes=10_000_000).cap == 8_192


def test_thinking_fits_below_a_default_cap_with_room_to_answer():
    assert cap_of(ModelFacts(name="m"), thinking=60_000).cap == 60_000 + 8_192


def test_the_least_worth_buying_is_the_floor_or_the_callers_own_smaller_cap():
    assert cap_of(cap=1_000).floor == 256
    assert cap_of(cap=50).floor == 50
    assert cap_of(cap=0).floor == 0


@pytest.mark.parametrize("floor", [0, 1, 256])
def test_a_call_that_thinks_needs_room_to_think_and_to_answer(floor):
    found = cap_of(cap=9_000, thinking=8_000, floor=floor)
    assert found.floor == MIN_THINKING + max(floor, 1)


def test_only_caps_that_we_set_are_told():
    assert told(812, clamped=True, origin="caller") == b"812; clamped"
    assert told(812, clamped=True, origin="default") == b"812; clamped"
    assert told(8_192, clamped=False, origin="default") == b"8192; default"
    assert told(50, clamped=False, origin="caller") is None


@pytest.mark.parametrize("finish", ["length", "max_tokens", "max_output_tokens", "MAX_TOKENS"])
def test_an_answer_is_cut_by_us_only_at_a_cap_of_ours(finish):
    assert cut_by_cap(finish, clamped=True, origin="caller")
    assert cut_by_cap(finish, clamped=False, origin="default")
    assert not cut_by_cap(finish, clamped=False, origin="caller")
    assert not cut_by_cap("stop", clamped=True, origin="default")
