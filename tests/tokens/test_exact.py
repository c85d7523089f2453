"""Exact counts: never fewer than the tokenizer says of the whole, never more than the bytes say, None where it cannot be."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.model import ModelFacts
from farthing.tokens.exact import JOINT, MOST_CHARACTERS, _load, exact_count, tokenizer_of

quicktok = pytest.importorskip("quicktok")

O200K = ModelFacts(name="gpt-4o", tokenizer="o200k")
CL100K = ModelFacts(name="gpt-4", tokenizer="cl100k")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@pytest.mark.parametrize(("facts", "encoding"), [(O200K, "o200k_base"), (CL100K, "cl100k_base")])
@pytest.mark.parametrize(
    "text", ["hello world", "", "def f(x):\n\treturn x", "日本語のテキスト", "🎉" * 20, "a" * 5_000]
)
def test_a_text_is_counted_as_its_tokenizer_counts_it(facts, encoding, text):
    assert (
        exact_count([text], facts, overhead_tokens=7) == len(quicktok.get_encoding(encoding).encode_ordinary(text)) + 7
    )


def test_known_counts():
    assert exact_count(["hello world"], O200K, overhead_tokens=0) == 2
    assert exact_count(["tiktoken is great!"], CL100K, overhead_tokens=0) == 6


@pytest.mark.parametrize("facts", [O200K, CL100K])
@given(texts=st.lists(TEXT, max_size=6))
def test_texts_joined_without_a_mark_are_no_more_tokens_than_were_counted(facts, texts):
    counted = exact_count(texts, facts, overhead_tokens=0)
    joined = exact_count(["".join(texts)], facts, overhead_tokens=0)
    assert joined is not None
    assert counted is not None
    assert joined <= counted


@pytest.mark.parametrize(("facts", "cut"), [(CL100K, ("rn the recon", "stitute")), (O200K, ("[module", "name] = 1"))])
def test_a_word_cut_in_two_can_be_more_tokens_together_than_apart(facts, cut):
    apart = [exact_count([each], facts, overhead_tokens=0) for each in cut]
    together = exact_count(["".join(cut)], facts, overhead_tokens=0)
    assert sum(apart) < together <= exact_count(cut, facts, overhead_tokens=0)


@given(text=TEXT)
def test_a_text_is_never_more_tokens_than_bytes(text):
    for facts in (O200K, CL100K):
        counted = exact_count([text], facts, overhead_tokens=0)
        assert counted is not None
        assert counted <= len(text.encode())


def test_each_joint_between_texts_adds_its_margin():
    one = exact_count(["hello"], O200K, overhead_tokens=0)
    assert one is not None
    assert exact_count(["hello"] * 4, O200K, overhead_tokens=0) == 4 * one + 3 * JOINT
    assert exact_count([], O200K, overhead_tokens=5) == 5


def test_special_tokens_are_text_to_the_provider():
    counted = exact_count(["<|endoftext|>"], O200K, overhead_tokens=0)
    assert counted is not None
    assert counted > 1


def test_a_lone_surrogate_has_no_count():
    assert exact_count(["fine", "\ud800"], O200K, overhead_tokens=0) is None


def test_a_model_without_a_public_tokenizer_has_no_count():
    assert tokenizer_of(ModelFacts(name="claude")) is None
    assert exact_count(["hello"], ModelFacts(name="claude"), overhead_tokens=0) is None


def test_without_the_optional_package_nothing_is_counted(monkeypatch):
    monkeypatch.setitem(sys.modules, "quicktok", None)  # how Python says that a module cannot be imported
    assert _load.__wrapped__("o200k_base") is None


def test_a_huge_body_is_not_counted():
    half = "a " * (MOST_CHARACTERS // 4 + 1)
    assert exact_count([half, half], O200K, overhead_tokens=0) is None


def test_the_texts_are_read_once_and_lazily():
    def texts():
        yield "a" * (MOST_CHARACTERS + 1)
        raise AssertionError("nobody asks for more once it is too long")

    assert exact_count(texts(), O200K, overhead_tokens=0) is None
