"""Gemini's usage in the canonical form: totals, thoughts, tools, sounds; and what is not believed."""

import msgspec
import pytest

from farthing.domain.usage import Usage
from farthing.wire.gemini.usage import canonical, merged, read_reported
from support.gemini_wire import USAGE, compact, counts


def read(usage, **more):
    return canonical(read_reported(compact(usage)), **more)


def heard(tokens, kind="AUDIO"):
    return [{"modality": kind, "tokenCount": tokens}, {"modality": "TEXT", "tokenCount": 1}]


def test_thoughts_are_output_beside_the_candidates_and_cached_tokens_are_input():
    assert read(USAGE) == (
        Usage(input_tokens=1321, output_tokens=50, cache_read_input_tokens=1000, reasoning_output_tokens=20),
        "",
    )


def test_results_of_googles_tools_are_input():
    usage, _ = read({**counts(5), "toolUsePromptTokenCount": 300, "totalTokenCount": 326})
    assert (usage.input_tokens, usage.output_tokens) == (321, 5)


def test_thoughts_that_an_endpoint_counts_among_the_candidates_are_not_counted_twice():
    among = {"promptTokenCount": 10, "candidatesTokenCount": 50, "thoughtsTokenCount": 20, "totalTokenCount": 60}
    assert read(among)[0].output_tokens == 50
    assert read({**among, "totalTokenCount": 80})[0].output_tokens == 70
    del among["totalTokenCount"]
    assert read(among)[0].output_tokens == 70


def test_candidates_that_are_left_out_are_found_in_the_total():
    assert read({"promptTokenCount": 10, "thoughtsTokenCount": 20, "totalTokenCount": 30})[0].output_tokens == 20
    assert read({"promptTokenCount": 10, "totalTokenCount": 45})[0].output_tokens == 35
    assert read({"promptTokenCount": 10})[0] == Usage(input_tokens=10)


def test_sounds_are_parts_of_their_totals():
    usage, flaw = read(
        {**counts(40, prompt=900), "cachedContentTokenCount": 500, "promptTokensDetails": heard(320),
         "cacheTokensDetails": heard(160), "candidatesTokensDetails": heard(30)}
    )  # fmt: skip
    assert flaw == ""
    assert (usage.audio_input_tokens, usage.cached_audio_input_tokens, usage.audio_output_tokens) == (320, 160, 30)
    assert read({**counts(4), "promptTokensDetails": heard(20, "IMAGE")})[0].audio_input_tokens == 0


@pytest.mark.parametrize(
    "usage",
    [{}, {"candidatesTokenCount": 5}, {**counts(5), "promptTokenCount": -21}, {**counts(5), "candidatesTokenCount": -5},
     {**counts(5), "thoughtsTokenCount": -1}, {**counts(5), "cachedContentTokenCount": 22}, {**counts(5), "candidatesTokenCount": 10**15},
     {**counts(5), "toolUsePromptTokenCount": -1, "promptTokenCount": 30}, {**counts(5), "promptTokensDetails": heard(99)}],
)  # fmt: skip
def test_the_impossible_is_not_believed_and_says_why(usage):
    found, flaw = read(usage)
    assert found is None
    assert flaw


def test_zero_output_beside_output_is_not_believed():
    assert read({"promptTokenCount": 5}, observed=True)[0] is None
    assert read({"promptTokenCount": 5}, observed=False)[0] == Usage(input_tokens=5)


@pytest.mark.parametrize(
    "usage", [{"promptTokenCount": "5"}, {"thoughtsTokenCount": 1.5}, {"promptTokensDetails": 5}, []]
)
def test_a_count_of_another_type_is_named(usage):
    with pytest.raises(msgspec.ValidationError):
        read_reported(compact(usage))


def test_the_last_word_on_each_count_holds():
    first, then = (
        read_reported(compact(counts(9, 4))),
        read_reported(compact({"promptTokenCount": 21, "candidatesTokenCount": 8})),
    )
    both = merged(first, then)
    assert (both.candidates_token_count, both.thoughts_token_count, both.made) == (8, 4, 12)
    assert merged(None, first) is first
