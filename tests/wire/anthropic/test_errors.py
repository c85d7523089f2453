"""Errors in Anthropic's words, read back by the real client."""

import json

import anthropic
import httpx2
import msgspec
import pytest

from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.refusal import Refusal
from farthing.wire.anthropic.errors import error, refusal, stream_error, type_of
from farthing.wire.figures import sentences
from support.messages_wire import data_in

REFUSAL = Refusal(
    code="budget_exceeded",
    message="the budget 'team' has 0.1 USD left of 5",
    what_to_do="wait for December, or raise it",
    standing=Standing(AccountKey("team", "", Unit.USD, "month"), 5_000_000_000, 4_900_000_000, 0, 0, 300_000_000),
)


def raised(status: int, body: bytes) -> anthropic.APIStatusError:
    """What the real client makes of an error answer."""
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, content=body))
    client = anthropic.Anthropic(api_key="k", max_retries=0, http_client=httpx2.Client(transport=transport))
    with pytest.raises(anthropic.APIStatusError) as error:
        client.messages.create(model="m", max_tokens=1, messages=[{"role": "user", "content": "x"}])
    return error.value


def test_a_refusal_is_a_billing_error_with_the_numbers_beside_it():
    body = json.loads(refusal(REFUSAL))
    assert body["type"] == "error"
    assert body["error"]["type"] == "billing_error"
    assert body["error"]["message"] == sentences(REFUSAL)
    assert body["farthing"]["budget"] == "team"
    assert body["farthing"]["needed_usd"] == "0.3"


def test_the_real_client_shows_the_refusals_message_and_numbers():
    seen = raised(402, refusal(REFUSAL))
    assert seen.status_code == 402
    assert sentences(REFUSAL) in str(seen)
    assert seen.body["farthing"]["code"] == "budget_exceeded"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
        (529, "overloaded_error"),
    ],
)
def test_every_status_has_its_type(status, kind):
    assert type_of(status) == kind
    assert json.loads(error(status=status, message="m"))["error"] == {"type": kind, "message": "m"}


@pytest.mark.parametrize(
    ("status", "kind"), [(402, "billing_error"), (400, "billing_error"), (429, "rate_limit_error")]
)
def test_a_refusals_type_follows_its_status_but_stays_billing_where_a_client_needs_a_400(status, kind):
    body = refusal(msgspec.structs.replace(REFUSAL, status=status))
    assert json.loads(body)["error"]["type"] == kind


def test_an_error_names_its_field_once():
    named = json.loads(error(status=400, message="must be a list", code="invalid_request", field="tools"))
    assert named["error"]["message"] == "tools: must be a list"
    assert named["farthing"] == {"code": "invalid_request", "field": "tools"}
    assert (
        json.loads(error(status=400, message="tools must be a list.", field="tools"))["error"]["message"]
        == "tools must be a list."
    )


def test_a_stream_ends_with_the_dialects_own_error_event():
    data = data_in(stream_error(message="it stopped", code="output_cap_passed"), "error")
    assert data["type"] == "error"
    assert data["error"] == {"type": "api_error", "message": "it stopped"}
    assert data["farthing"]["code"] == "output_cap_passed"
