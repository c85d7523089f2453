"""Error bodies as the contract words them and as the official client reads them."""

import json

import pytest

from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.refusal import Refusal
from farthing.wire.openai.errors import error_body, kind_of, refusal_body, stream_error_event
from farthing.wire.sse import data_of


def standing(unit: Unit = Unit.USD) -> Standing:
    return Standing(
        AccountKey("support, monthly", "", unit, "2026-11-01T00:00+00:00/month"),
        limit=500_000_000_000,
        posted=499_000_000_000,
        held=300_000_001,
        unknown=200_000_000,
        needed=750_000_000,
        closes_ms=1_796_083_200_000,
    )


def refusal(**changes: object) -> Refusal:
    values = {
        "code": "budget_exceeded",
        "message": "the budget cannot pay",
        "what_to_do": "raise it",
        "standing": standing(),
        **changes,
    }
    return Refusal(**values)


def test_a_refusal_has_the_words_and_numbers_of_the_contract() -> None:
    error = json.loads(refusal_body(refusal()))["error"]
    numbers = error.pop("farthing")
    assert error == {
        "message": "The budget cannot pay. Raise it.",
        "type": "insufficient_quota",
        "code": "budget_exceeded",
        "param": None,
    }
    expected = {
        "budget": "support, monthly",
        "unit": "usd",
        "limit": "500",
        "spent": "499.2",
        "reserved": "0.300000001",
        "needed": "0.75",
        "limit_usd": "500",
        "spent_usd": "499.2",
        "reserved_usd": "0.300000001",
        "needed_usd": "0.75",
        "resets_at": "2026-12-01T00:00:00Z",
        "what_to_do": "raise it",
    }
    assert {key: numbers[key] for key in expected} == expected


def test_a_token_budget_counts_tokens_and_has_no_dollars() -> None:
    numbers = json.loads(refusal_body(refusal(standing=standing(Unit.TOKENS))))["error"]["farthing"]
    assert (numbers["unit"], numbers["needed"], numbers["needed_usd"]) == ("tokens", "750000000", None)


def test_a_refusal_without_a_budget_names_its_field() -> None:
    error = json.loads(refusal_body(refusal(code="uncapped_feature", standing=None, field="web_search_options")))[
        "error"
    ]
    assert (error["param"], error["code"]) == ("web_search_options", "uncapped_feature")
    assert "budget" not in error["farthing"]


def test_a_rate_that_reopens_has_its_own_type() -> None:
    assert json.loads(refusal_body(refusal(status=429)))["error"]["type"] == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "insufficient_quota"),
        (404, "not_found_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_exceeded"),
        (502, "server_error"),
        (503, "server_error"),
    ],
)
def test_other_errors_are_typed_by_status(status: int, kind: str) -> None:
    body = json.loads(error_body(status=status, message="no", code="why", field="messages[0]"))
    assert body == {"error": {"message": "no", "type": kind, "code": "why", "param": "messages[0]"}}
    assert json.loads(error_body(status=status, message="no"))["error"]["code"] is None


def test_a_stream_ends_with_an_error_that_clients_raise() -> None:
    raw = stream_error_event(message="two\nlines", code="output_cap_passed")
    error = json.loads(data_of(raw))["error"]
    assert (error["type"], error["code"], error["message"]) == ("server_error", "output_cap_passed", "two\nlines")
    assert raw.count(b"\n\n") == 1
    assert b"insufficient_quota" in stream_error_event(message="no", code="budget_exceeded")


def test_a_providers_error_is_known_by_its_type_or_code_and_never_by_its_message() -> None:
    assert kind_of(None) == kind_of({}) == kind_of(False) == ""
    assert kind_of({"type": "overloaded", "code": 1, "message": "secret"}) == "overloaded"
    assert kind_of({"code": 502, "message": "secret"}) == "502"
    assert kind_of({"message": "secret"}) == kind_of("secret") == kind_of({"type": {}}) == "error"
