"""Input bounds: bytes are free and sound, tighter kinds add the same overhead and media, and the window caps them all."""

from farthing.domain.model import ModelFacts
from farthing.tokens.bound import InputBound, byte_bound, exact_bound, provider_bound, ratio_bound
from farthing.tokens.media import WIDEST_WINDOW, media_tokens
from farthing.wire.dialect import Asked, Media

PLAIN = ModelFacts(name="m")
SMALL = ModelFacts(name="m", context_tokens=1_000)
PICTURE = Media(kind="image", width=100, height=100)


def asked(**facts: object) -> Asked:
    return Asked(model="m", **facts)


def test_bytes_overhead_and_media_add_up():
    found = byte_bound(asked(text_bytes=500, overhead_tokens=30, media=(PICTURE, PICTURE)), PLAIN)
    assert found == InputBound(530 + 2 * media_tokens(PICTURE, PLAIN), "bytes")


def test_no_call_bills_more_than_the_window():
    assert byte_bound(asked(text_bytes=5_000), SMALL) == InputBound(1_000, "bytes")
    assert byte_bound(asked(text_bytes=5_000), PLAIN) == InputBound(5_000, "bytes")
    assert exact_bound(3_000, asked(text_bytes=5_000), SMALL) == InputBound(1_000, "exact")


def test_what_is_elsewhere_is_bounded_by_the_window():
    elsewhere = asked(text_bytes=10, pointers=("previous_response_id",))
    assert byte_bound(elsewhere, SMALL) == InputBound(1_000, "window")
    assert byte_bound(elsewhere, PLAIN) == InputBound(WIDEST_WINDOW, "window")


def test_our_own_record_of_a_chain_bounds_it_better_than_the_window():
    elsewhere = asked(text_bytes=10, pointers=("previous_response_id",))
    assert byte_bound(elsewhere, SMALL, pointed_tokens=300) == InputBound(310, "bytes")
    assert byte_bound(elsewhere, SMALL, pointed_tokens=0) == InputBound(10, "bytes")


def test_every_round_bills_the_input_again():
    assert byte_bound(asked(text_bytes=10, rounds=3), PLAIN).tokens == 30
    assert byte_bound(asked(text_bytes=5_000, rounds=3), SMALL).tokens == 3_000
    assert byte_bound(asked(pointers=("tools[0]",), rounds=10), SMALL) == InputBound(10_000, "window")
    assert provider_bound(100, asked(rounds=2)) == InputBound(204, "provider")


def test_a_providers_count_gets_two_percent_rounded_up():
    assert provider_bound(1_000, asked()) == InputBound(1_020, "provider")
    assert provider_bound(1, asked()) == InputBound(2, "provider")
    assert provider_bound(0, asked()) == InputBound(0, "provider")


def test_a_ratio_is_never_taken_above_the_bytes():
    call = asked(text_bytes=500, overhead_tokens=30, media=(PICTURE,))
    assert ratio_bound(100, call, PLAIN).tokens == 130 + media_tokens(PICTURE, PLAIN)
    assert ratio_bound(9_999, call, PLAIN).tokens == byte_bound(call, PLAIN).tokens


def test_tighter_kinds_are_never_above_bytes():
    call = asked(text_bytes=500, overhead_tokens=30, media=(PICTURE,))
    assert exact_bound(200, call, PLAIN).tokens < byte_bound(call, PLAIN).tokens


def test_a_published_template_takes_the_place_of_the_overhead():
    call = asked(text_bytes=500, overhead_tokens=30, media=(PICTURE,))
    media = media_tokens(PICTURE, PLAIN)
    assert exact_bound(200, call, PLAIN).tokens == 230 + media
    assert exact_bound(200, call, PLAIN, template_tokens=10) == InputBound(210 + media, "exact")


def test_a_strict_bound_takes_no_pages_of_a_document_on_trust():
    call = asked(text_bytes=100, media=(Media(kind="document", pages=2, bytes=9_000),))
    assert byte_bound(call, PLAIN, strict=True).tokens >= WIDEST_WINDOW > byte_bound(call, PLAIN).tokens
    assert exact_bound(20, call, PLAIN, strict=True).tokens >= WIDEST_WINDOW > exact_bound(20, call, PLAIN).tokens
