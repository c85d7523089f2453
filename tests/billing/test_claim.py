"""What somebody says of a model."""

import pytest

from farthing.billing.claim import Claim, merged, model_of


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("gpt-4.1", "gpt-4.1"),
        ("Claude Haiku 4.5", "claude-haiku-4-5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("Claude 3.5 Sonnet 2024-10-22", "claude-3-5-sonnet"),
        ("openai/gpt-4o", "gpt-4o"),
        ("claude-3-opus-latest", "claude-3-opus"),
        ("", ""),
    ],
)
def test_names_lose_their_dates_and_their_finery(said, name):
    assert model_of(said) == name


def test_sums_keep_what_nobody_said_unsaid():
    one, other = Claim(model="m", requests=1, picos=5), Claim(model="m", requests=2, output_tokens=7)
    (found,) = merged([one, other])
    assert (found.requests, found.output_tokens, found.picos, found.input_tokens) == (3, 7, 5, None)
