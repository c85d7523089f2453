"""The rule for simple steps is narrow: each condition alone makes a call not simple."""

import msgspec
import pytest

from farthing.domain.usage import Usage
from farthing.reports.simple_steps import MOST_INPUT_TOKENS, MOST_OUTPUT_TOKENS, is_simple
from support.priced_past import call, message, prompt

ASK = message("user", "q", 400)


def simple(skeleton=None, usage=None, **more):
    record = call(1, skeleton or prompt(ASK), usage or Usage(input_tokens=100, output_tokens=5), **more)
    (attempt,) = record.attempts
    return is_simple(record, attempt, attempt.usage)


def test_a_short_question_with_a_short_answer_is_simple():
    assert simple()


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": MOST_INPUT_TOKENS + 1},
        {"output_tokens": MOST_OUTPUT_TOKENS + 1},
        {"output_tokens": 0},
        {"reasoning_output_tokens": 1},
    ],
)
def test_length_and_reasoning_make_it_hard(usage):
    assert not simple(usage=msgspec.structs.replace(Usage(input_tokens=100, output_tokens=5), **usage))


@pytest.mark.parametrize(
    "skeleton",
    [
        prompt(ASK, tools=("read",)),
        prompt(ASK, message("tool", "t", 10, "read")),
        msgspec.structs.replace(prompt(ASK), media=("image",)),
    ],
)
def test_tools_and_pictures_make_it_hard(skeleton):
    assert not simple(skeleton)


def test_an_answer_that_was_cut_or_guessed_says_nothing():
    assert not simple(finish="length")
    assert not simple(source="estimate")
