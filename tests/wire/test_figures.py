"""The numbers of a refusal, as the contract names them."""

import pytest

from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.refusal import Refusal
from farthing.wire.figures import figures, sentences


def refused(unit=Unit.USD, **standing):
    counts = {"limit": 5_000_000_000, "posted": 4_000_000_000, "held": 500_000_001, "unknown": 250_000_000, "needed": 1}
    account = AccountKey("support, monthly", "", unit, "2026-11-01T00:00+00:00/month")
    given = Standing(account, **{**counts, "closes_ms": 1_796_083_200_000, **standing})
    return Refusal(code="budget_exceeded", message="m", what_to_do="raise it", standing=given)


def test_dollars_are_decimal_strings_and_unknown_outcomes_count_as_spent():
    assert figures(refused()) == {
        "code": "budget_exceeded",
        "budget": "support, monthly",
        "unit": "usd",
        "limit": "5",
        "spent": "4.25",
        "reserved": "0.500000001",
        "needed": "0.000000001",
        "limit_usd": "5",
        "spent_usd": "4.25",
        "reserved_usd": "0.500000001",
        "needed_usd": "0.000000001",
        "resets_at": "2026-12-01T00:00:00Z",
        "what_to_do": "raise it",
    }


def test_counts_have_no_dollars():
    shown = figures(refused(Unit.TOKENS, limit=1000, posted=900, held=50, unknown=25, needed=200))
    assert (shown["unit"], shown["limit"], shown["spent"], shown["reserved"], shown["needed"]) == (
        "tokens",
        "1000",
        "925",
        "50",
        "200",
    )
    assert shown["limit_usd"] is shown["needed_usd"] is None


def test_a_window_that_never_closes_never_resets_and_a_budget_may_have_no_limit():
    shown = figures(refused(closes_ms=0, limit=None))
    assert (shown["resets_at"], shown["limit"], shown["limit_usd"]) == (None, None, None)


def test_a_refusal_without_a_budget_has_no_numbers():
    bare = Refusal(code="uncapped_feature", message="m", what_to_do="leave it out", field="tools[0]")
    assert figures(bare) == {"code": "uncapped_feature", "field": "tools[0]", "what_to_do": "leave it out"}


@pytest.mark.parametrize(
    ("message", "what_to_do", "said"),
    [
        ("the budget 'a' is spent", "raise it with `x`", "The budget 'a' is spent. Raise it with `x`."),
        ("openai/gpt-4o billed more", "check the call", "openai/gpt-4o billed more. Check the call."),
        ("`tools[0]` has no cap", "`farthing x` helps", "`tools[0]` has no cap. `farthing x` helps."),
    ],
)
def test_a_refusal_is_two_sentences(message, what_to_do, said):
    assert sentences(Refusal(code="c", message=message, what_to_do=what_to_do)) == said
