"""Upper bounds for what is not text: at least the documented and the measured counts, and never the length of base64."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.model import ModelFacts
from farthing.tokens.media import WIDEST_WINDOW, media_tokens, window
from farthing.wire.dialect import Media

GPT_4O = ModelFacts(name="gpt-4o", family="openai", context_tokens=128_000)
GPT_4O_MINI = ModelFacts(name="gpt-4o-mini", family="openai", context_tokens=128_000)
GPT_5_MINI = ModelFacts(name="gpt-5-mini", family="openai", context_tokens=400_000)
GPT_41 = ModelFacts(name="gpt-4.1-2025-04-14", family="openai", context_tokens=1_000_000)
GPT_6 = ModelFacts(name="gpt-6-astra", family="openai", context_tokens=1_050_000)
HAIKU_45 = ModelFacts(name="claude-haiku-4-5", family="anthropic", context_tokens=200_000)
OPUS_55 = ModelFacts(name="claude-opus-5-5", family="anthropic", context_tokens=1_000_000)
GEMINI = ModelFacts(name="gemini-2.5-pro", family="gemini", context_tokens=1_048_576)
UNKNOWN = ModelFacts(name="my-model")
EVERY = (GPT_4O, GPT_4O_MINI, GPT_5_MINI, GPT_41, GPT_6, HAIKU_45, OPUS_55, GEMINI, UNKNOWN)


def image(width: int = 0, height: int = 0, **more: object) -> Media:
    return Media(kind="image", width=width, height=height, **more)


@pytest.mark.parametrize(
    ("facts", "part", "documented"),
    [
        (GPT_4O, image(1024, 1024, detail="high"), 765),
        (GPT_4O, image(2048, 4096, detail="high"), 1_105),
        (GPT_4O, image(4096, 8192, detail="low"), 85),
        (GPT_4O_MINI, image(1024, 1024), 2_833 + 4 * 5_667),
        (GPT_5_MINI, image(1024, 1024), 1_659),
    ],
)
def test_a_documented_example_of_openai_is_bounded(facts, part, documented):
    assert documented <= media_tokens(part, facts) <= 2 * documented


@pytest.mark.parametrize(
    ("facts", "width", "height", "measured"),
    [
        (OPUS_55, 256, 256, 100),
        (OPUS_55, 512, 512, 361),
        (OPUS_55, 1920, 1080, 2_691),
        (OPUS_55, 4032, 3024, 3_928),
        (HAIKU_45, 256, 256, 100),
        (HAIKU_45, 4032, 3024, 1_596),
        (GPT_6, 256, 256, 77),
        (GPT_6, 1920, 1080, 2_448),
        (GPT_6, 4032, 3024, 14_364),
        (GEMINI, 1920, 1080, 1_090),
    ],
)
def test_a_measured_image_is_bounded(facts, width, height, measured):
    assert media_tokens(image(width, height), facts) >= measured


@pytest.mark.parametrize("facts", EVERY)
@given(width=st.integers(1, 8_000), height=st.integers(1, 8_000))
def test_an_image_of_unknown_size_is_bounded_by_the_largest(facts, width, height):
    known = media_tokens(image(width, height), facts)
    assert known > 0
    assert width * height > 40_000_000 or known <= media_tokens(image(), facts)


@given(width=st.integers(1, 6_000), height=st.integers(1, 6_000))
def test_an_image_of_a_model_nobody_knows_is_bounded_by_every_formula(width, height):
    part = image(width, height)
    named = (facts for facts in EVERY if facts.name not in ("gpt-4o-mini", "my-model"))
    assert all(media_tokens(part, facts) <= media_tokens(part, UNKNOWN) for facts in named)


@pytest.mark.parametrize("facts", EVERY)
def test_bug_class_12_an_image_is_never_counted_by_the_length_of_its_base64(facts):
    small, large = (image(800, 600, bytes=size) for size in (1_000, 20_000_000))
    assert media_tokens(small, facts) == media_tokens(large, facts) < 60_000


def test_audio_is_bounded_by_the_longest_that_its_bytes_can_be():
    ten_seconds_of_speech = Media(kind="audio", bytes=10 * 500)
    assert 100 <= media_tokens(ten_seconds_of_speech, GPT_4O) <= 120
    assert 320 <= media_tokens(ten_seconds_of_speech, GEMINI) <= 360
    assert media_tokens(ten_seconds_of_speech, UNKNOWN) >= 320


def test_a_page_is_bounded_as_text_and_as_an_image():
    three = media_tokens(Media(kind="document", pages=3, bytes=50_000), OPUS_55)
    assert three >= 3 * (3_000 + 4_784)
    assert three == 3 * media_tokens(Media(kind="document", pages=1), OPUS_55)


@pytest.mark.parametrize("part", [Media(kind="audio"), Media(kind="document", bytes=10), Media(kind="video", bytes=10)])
def test_what_cannot_be_measured_may_fill_the_window(part):
    assert media_tokens(part, HAIKU_45) == 200_000
    assert media_tokens(part, UNKNOWN) == WIDEST_WINDOW


@pytest.mark.parametrize("part", [image(), Media(kind="audio", bytes=10**9), Media(kind="document", pages=10_000)])
def test_no_part_is_larger_than_the_window(part):
    small = ModelFacts(name="x", context_tokens=4_000)
    assert media_tokens(part, small) == 4_000


def test_a_document_may_hold_more_than_its_pages_say_so_a_strict_bound_takes_the_window():
    part = Media(kind="document", pages=1, bytes=50_000)
    assert media_tokens(part, OPUS_55, strict=True) == window(OPUS_55) > media_tokens(part, OPUS_55)
    assert media_tokens(image(), OPUS_55, strict=True) == media_tokens(image(), OPUS_55)
