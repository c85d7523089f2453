"""Counting."""

import pytest

from farthing.testing import tokens

TEXTS = ["", "hello world", "naïve café", "日本語のテキスト", "a" * 1_000, "🙂🙃" * 5]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_never_has_more_tokens_than_bytes(text):
    assert tokens.count(text) <= len(text.encode())
    assert len(tokens._quarters(text)) <= len(text.encode())


def test_the_estimate_is_one_token_for_four_bytes_begun():
    assert [len(tokens._quarters("x" * size)) for size in (0, 1, 4, 5)] == [0, 1, 1, 2]


def test_the_estimate_tells_texts_apart():
    assert tokens._quarters("abcdefgh") != tokens._quarters("abcdefgx")


def test_counting_is_exact_where_the_tokenizer_is_installed():
    quicktok = pytest.importorskip("quicktok")
    assert tokens.count("hello world, how are you?") == quicktok.get_encoding("o200k_base").count(
        "hello world, how are you?"
    )


def test_a_picture_is_as_long_as_it_costs_and_equal_only_to_itself():
    assert len(tokens.picture("a", 85)) == 85
    assert tokens.picture("a", 2) == tokens.picture("a", 2) != tokens.picture("b", 2)


def test_pieces_are_joined_in_order():
    assert list(tokens.joined([tokens.encode("a b"), tokens.template(1), tokens.encode("")])) == [
        *tokens.encode("a b"),
        -1,
    ]
