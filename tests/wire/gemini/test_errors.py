"""Errors as Google writes them: what its clients keep, and our numbers among it."""

import json

import pytest

from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.refusal import Refusal
from farthing.wire.gemini.errors import error, refusal, status_of, stream_error

BUDGET_REFUSAL = Refusal(
    code="budget_exceeded",
    message="the budget 'team' has 0.1 USD left of 5",
    what_to_do="wait for December, or raise it",
    standing=Standing(AccountKey("team", "", Unit.USD, "month"), 5_000_000_000, 4_900_000_000, 0, 0, 300_000_000),
)
RATE_REFUSAL = Refusal(
    code="rate_limited", message="60 requests a minute", what_to_do="wait", status=429, retry_after_seconds=7
)


def parsed(body):
    return json.loads(body)["error"]


def test_a_refusal_has_googles_shape_and_our_numbers():
    told = parsed(refusal(BUDGET_REFUSAL))
    assert (told["code"], told["status"]) == (402, "RESOURCE_EXHAUSTED")
    assert told["message"].endswith(".")
    assert told["farthing"]["code"] == "budget_exceeded"
    (info,) = told["details"]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], info["domain"]) == ("BUDGET_EXCEEDED", "farthing")
    assert info["metadata"]["needed_usd"] == told["farthing"]["needed_usd"]
    assert all(type(value) is str for value in info["metadata"].values())


def test_a_rate_that_reopens_says_when():
    told = parsed(refusal(RATE_REFUSAL))
    assert (told["code"], told["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert told["details"][1] == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}


@pytest.mark.parametrize(
    ("status", "word"),
    [(400, "INVALID_ARGUMENT"), (401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (404, "NOT_FOUND"), (409, "ABORTED"),
     (413, "INVALID_ARGUMENT"), (429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL"), (502, "INTERNAL"), (503, "UNAVAILABLE")],
)  # fmt: skip
def test_every_status_has_googles_word(status, word):
    assert status_of(status) == word
    assert parsed(error(status=status, message="m")) == {"code": status, "message": "m", "status": word}


def test_a_field_at_fault_is_told_as_google_tells_it():
    told = parsed(error(status=400, message="wrong", code="invalid", field="contents[0].parts"))
    assert told["details"][0]["reason"] == "INVALID"
    assert told["details"][1]["fieldViolations"] == [{"field": "contents[0].parts", "description": "wrong"}]


def test_a_stream_ends_with_an_event_that_googles_clients_raise():
    told = stream_error(message="went past", code="output_cap_passed")
    assert told.startswith(b'data: {"error":{"code":500,')
    assert told.endswith(b"\n\n")


def test_a_refusal_without_a_budget_has_no_numbers():
    told = parsed(refusal(Refusal(code="suspended", message="the key is suspended", what_to_do="ask the operator")))
    assert told["farthing"] == {"code": "suspended", "what_to_do": "ask the operator"}
