"""What a tool that may not run says, to the program and to the model."""

from decimal import Decimal

import pytest

import farthing
from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.refusal import Refusal
from farthing.sdk.engine import close_engines
from farthing.sdk.errors import BudgetExceeded
from farthing.sdk.tool_errors import ToolRefused, refused_by


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)
    yield
    close_engines()


def test_a_refusal_can_be_the_result():
    with farthing.budget("$1") as run:

        @run.tool(limit=1, tells=True)
        def search(q: str) -> str:
            return q

        search("a")
        assert "was not run" in search("b")


def test_a_budget_s_refusal_is_both_and_carries_the_numbers():
    account = AccountKey("daily", "", Unit.USD, "lifetime")
    standing = Standing(account, 5_000_000, 4_000_000, 0, 0, needed=2_000_000)
    refusal = Refusal(code="budget_exceeded", message="no", what_to_do="raise it", standing=standing)
    error = refused_by(refusal, "search")
    assert isinstance(error, BudgetExceeded)
    assert isinstance(error, ToolRefused)
    assert (error.budget, error.needed, error.what_to_do) == ("daily", Decimal("0.002"), "raise it")
    assert "the budget cannot pay for it" in error.for_model


def test_other_refusals_say_why():
    error = refused_by(Refusal(code="suspended", message="user bea is suspended", what_to_do="wait"), "search")
    assert not isinstance(error, BudgetExceeded)
    assert (error.code, error.tool) == ("suspended", "search")
    assert "user bea is suspended" in error.for_model
