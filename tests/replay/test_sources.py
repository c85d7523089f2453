"""Files of recorded traffic: their shape is seen in their first line."""

import json

import pytest

from farthing.pricing.book import PriceBook
from farthing.replay.lines import BadLine
from farthing.replay.sources import calls_in

MOONCAKE = {"timestamp": 0, "input_length": 100, "output_length": 5, "hash_ids": [1]}
AZURE = {"TIMESTAMP": "2023-11-16 18:17:03", "ContextTokens": 48, "GeneratedTokens": 10}
ANSWER = {"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}


def calls(folder, *rows, form="auto"):
    file = folder / "calls.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(calls_in([file], format=form, model="gpt-4o-mini", prices=PriceBook.load()))


@pytest.mark.parametrize(
    ("row", "model", "tokens"), [(MOONCAKE, "gpt-4o-mini", 100), (AZURE, "gpt-4o-mini", 48), (ANSWER, "gpt-4o", 9)]
)
def test_the_first_line_says_what_it_is(tmp_path, row, model, tokens):
    (call,) = calls(tmp_path, row)
    assert (call.model, call.usage.input_tokens) == (model, tokens)


def test_a_shape_nobody_knows_is_asked_about(tmp_path):
    with pytest.raises(BadLine, match=r"calls\.jsonl:1: .*--format"):
        calls(tmp_path, {"a": 1})


def test_a_line_of_another_shape_is_named(tmp_path):
    with pytest.raises(BadLine, match=r"calls\.jsonl:2: `input_length`"):
        calls(tmp_path, MOONCAKE, AZURE)


def test_an_empty_file_has_no_calls(tmp_path):
    assert calls(tmp_path) == []
