"""One message of Gemini's answer: output, ends, searches and errors."""

import pytest

from farthing.wire.gemini.answer import finish_of, kind_of, read_message, searches_of
from support.gemini_wire import call, candidate, compact, message


@pytest.mark.parametrize(
    ("part", "size"),
    [
        ({"text": "wörld"}, 6),
        ({"text": ""}, 0),
        ({"thoughtSignature": "abcd"}, 0),
        ({"inlineData": {"data": "aa"}}, 13),
    ],
)
def test_output_is_text_in_bytes_and_calls_and_files_as_they_are(part, size):
    assert read_message(compact(message(candidate(part)))).size == size


def test_a_call_is_output():
    assert read_message(compact(message(candidate(call())))).size > 20


def test_a_message_may_have_next_to_nothing():
    empty = read_message(b"{}")
    assert (empty.size, empty.blocked, empty.candidates) == (0, "", None)
    assert read_message(b'{"candidates":[{"content":{"role":"model"}}]}').size == 0


@pytest.mark.parametrize(
    ("reasons", "finish"),
    [([], ""), (["STOP"], "STOP"), (["STOP", "MAX_TOKENS"], "MAX_TOKENS"), (["", "SAFETY"], "SAFETY")],
)
def test_one_word_tells_how_all_candidates_ended(reasons, finish):
    assert finish_of(reasons) == finish


def test_searches_of_all_candidates_count():
    each = candidate({"text": "a"}, groundingMetadata={"webSearchQueries": ["x", "y"]})
    found = read_message(compact(message(each, each))).candidates
    assert searches_of(found, "gemini-3-pro-preview") == 4
    assert searches_of(None, "gemini-3-pro-preview") == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [({"status": "UNAVAILABLE", "code": 503}, "UNAVAILABLE"), ({"code": 503}, "503"), ("x", "error"), ({}, "error")],
)
def test_an_error_is_told_by_its_word_and_never_by_its_message(error, kind):
    assert kind_of(error) == kind
