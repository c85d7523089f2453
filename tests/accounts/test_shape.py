"""Tokens of messages are exact in sum, and gaps are between the end of one call and the arrival of the next."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.accounts.shape import gap_ms, tokens_by_message
from farthing.domain.record import AttemptOpening, CallOpening, MessageShape, Skeleton
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord, CallRecord, CallSummary

OPENING = AttemptOpening(id=1, call_id=0, ordinal=1, provider="p", model="m", book="b", bound="bytes", input_bound=9)


def record(sizes: list[int], tokens: int | None, text_bytes: int = 0) -> CallRecord:
    shapes = tuple(MessageShape("user", "0" * 16, size) for size in sizes)
    usage = None if tokens is None else Usage(input_tokens=tokens)
    return CallRecord(
        opening=CallOpening(id=16, arrived_ms=5_000),
        closing=None,
        skeleton=Skeleton(messages=shapes, text_bytes=text_bytes or sum(sizes)),
        attempts=(AttemptRecord(opening=OPENING, state="settled", cap=1, usage=usage),),
    )


def summary(finished_ms: int | None) -> CallSummary:
    return CallSummary(
        id=0, arrived_ms=1_000, key="", labels=(), model="m", streamed=False, outcome="paid", code="", status=200,
        finished_ms=finished_ms, attempts=1, input_tokens=0, output_tokens=0, cost_nanos=0, estimated=0, unpriced=0, open=0,
    )  # fmt: skip


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(0, 10**7))
def test_the_parts_are_the_whole(sizes: list[int], tokens: int) -> None:
    found = tokens_by_message(record(sizes, tokens))
    assert sum(found) == (tokens if sum(sizes) else 0)
    assert all(part >= 0 for part in found)


def test_longer_messages_have_more_tokens() -> None:
    assert tokens_by_message(record([100, 300], 100)) == (25, 75)


def test_system_and_tools_keep_their_share() -> None:
    assert tokens_by_message(record([100, 100], 100, text_bytes=400)) == (25, 25)


def test_before_a_provider_has_counted_nothing_is_said() -> None:
    assert tokens_by_message(record([100], None)) == ()
    assert tokens_by_message(record([0], 5)) == ()


def test_the_gap_is_from_the_end_of_the_call_before() -> None:
    assert gap_ms(record([1], 1), summary(finished_ms=4_200)) == 800
    assert gap_ms(record([1], 1), summary(finished_ms=6_000)) == -1_000


def test_the_first_call_of_a_run_has_no_gap() -> None:
    assert gap_ms(record([1], 1), None) is None
    assert gap_ms(record([1], 1), summary(finished_ms=None)) is None
