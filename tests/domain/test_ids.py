"""Ids: never twice, never back, whatever the clock and whoever else makes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.ids import (
    ATTEMPTS,
    EPOCH_MS,
    SLOTS,
    Mint,
    attempt_id,
    call_of,
    first_id,
    made_ms,
    read,
    same_maker,
    show,
)

slots = st.integers(0, SLOTS - 1)
clocks = st.lists(st.integers(0, EPOCH_MS * 2), min_size=1, max_size=50)


def slot_of(number: int) -> int:
    return number >> 12 & SLOTS - 1


@given(slots, clocks)
def test_ids_rise_and_stay_in_their_slot_whatever_the_clock_does(slot, clock):
    mint = Mint(slot)
    made = [mint(now) for now in clock]
    assert made == sorted(set(made))
    assert {slot_of(number) for number in made} == {slot}
    assert all(number & ATTEMPTS == 0 for number in made)


@given(slots, slots, st.integers(0, EPOCH_MS * 2), st.integers(0, ATTEMPTS), st.integers(0, 255), clocks)
def test_ids_continue_above_any_last_one_and_still_in_their_own_slot(slot, other, at, ordinal, count, clock):
    last = max(at - EPOCH_MS, 0) << 22 | other << 12 | count << 4 | ordinal
    mint = Mint(slot, last)
    made = [mint(now) for now in clock]
    assert made == sorted(set(made))
    assert last == 0 or made[0] > last
    assert {slot_of(number) for number in made} == {slot}
    assert all(number & ATTEMPTS == 0 for number in made)


def test_more_ids_than_fit_into_a_millisecond_go_on_in_the_next():
    mint = Mint(SLOTS - 1)
    made = [mint(EPOCH_MS) for _ in range(1_000)]
    assert len(set(made)) == 1_000
    assert {slot_of(number) for number in made} == {SLOTS - 1}
    assert made[-1] >> 22 == 3  # 256 in each millisecond


def test_two_owners_never_make_the_same_id():
    mints = [Mint(slot) for slot in range(4)]
    made = [mint(EPOCH_MS + tick // 300) for tick in range(1_000) for mint in mints]
    assert len(set(made)) == len(made)


def test_the_attempts_of_a_call_lie_right_behind_it():
    call = Mint(3)(EPOCH_MS + 5)
    attempts = [attempt_id(call, ordinal) for ordinal in range(1, ATTEMPTS + 1)]
    assert attempts == list(range(call + 1, call + 1 + ATTEMPTS))
    assert {call_of(attempt) for attempt in attempts} == {call}


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_text_reads_back_and_sorts_as_the_numbers_do(one, other):
    assert read("call", show("call", one)) == one
    assert (show("call", one) < show("call", other)) == (one < other)


@pytest.mark.parametrize(
    "text", ["", "call", "run_0000000000000001", "call_1", "call_000000000000000g", "call_00000000000000001"]
)
def test_text_that_is_no_id_is_refused_with_what_is_wrong(text):
    with pytest.raises(ValueError, match="id"):
        read("call", text)


@given(st.integers(0, 2**40), st.integers(0, 2**40), slots, slots)
def test_ids_of_one_slot_are_told_from_those_of_another(one_ms: int, other_ms: int, one: int, other: int):
    first, second = Mint(one)(EPOCH_MS + one_ms), Mint(other)(EPOCH_MS + other_ms)
    assert same_maker(first, second) == (one == other)


def test_an_id_tells_when_it_was_made():
    assert made_ms(Mint(3)(EPOCH_MS + 1_234)) == EPOCH_MS + 1_234


def test_no_id_of_before_a_moment_is_as_large_as_its_first():
    mint = Mint(SLOTS - 1)
    before = mint(EPOCH_MS + 4_999)
    assert before < first_id(EPOCH_MS + 5_000) <= mint(EPOCH_MS + 5_000)
    assert first_id(0) == 0
