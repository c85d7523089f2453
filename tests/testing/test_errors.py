"""Error bodies."""

import pytest

from farthing.testing.errors import Rejected, anthropic_body, of_status, openai_body


def test_openai_names_type_field_and_code():
    error = Rejected("No.", param="n", code="invalid_type")
    assert openai_body(error) == {
        "error": {"message": "No.", "type": "invalid_request_error", "param": "n", "code": "invalid_type"}
    }


def test_anthropic_names_the_type_and_the_request():
    assert anthropic_body(Rejected("No."), "req_1") == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "No."},
        "request_id": "req_1",
    }


@pytest.mark.parametrize(
    ("maker", "status", "kind"),
    [
        ("anthropic", 529, "overloaded_error"),
        ("anthropic", 429, "rate_limit_error"),
        ("anthropic", 500, "api_error"),
        ("anthropic", 413, "request_too_large"),
        ("openai", 429, "requests"),
        ("openai", 503, "server_error"),
        ("openai", 502, "server_error"),
    ],
)
def test_each_maker_has_its_own_word_for_a_status(maker, status, kind):
    error = of_status(maker, status, "3")
    assert (error.kind, error.status, error.retry_after) == (kind, status, "3")
