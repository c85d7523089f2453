"""What of a caller's headers goes on to the provider, and what never does."""

import pytest

from farthing.gateway.forwarding import credential, forwarded

NEVER = [
    "authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie", "host", "content-length", "transfer-encoding",
    "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "accept-encoding", "origin", "referer", "forwarded",
    "proxy-authorization", "proxy-connection", "x-forwarded-for", "x-forwarded-proto", "sec-fetch-site",
    "x-farthing-labels", "x-farthing-anything", "content-type", "idempotency-key",
    "openai-organization", "openai-project", "x-goog-user-project", "x-goog-fieldmask", "x-http-method-override",
]  # fmt: skip
ALWAYS = ["anthropic-beta", "anthropic-version", "openai-beta", "user-agent", "x-stainless-lang"]


@pytest.mark.parametrize("name", NEVER)
def test_credentials_hops_and_our_own_headers_stay_here(name):
    assert forwarded([(name.encode(), b"value")]) == forwarded([])


@pytest.mark.parametrize("name", ALWAYS)
def test_betas_and_versions_go_on(name):
    assert (name.encode(), b"value") in forwarded([(name.encode(), b"value")])


def test_a_header_that_is_nominated_for_the_hop_stays_here():
    raw = [(b"connection", b"close, X-Internal"), (b"x-internal", b"a"), (b"x-other", b"b")]
    assert forwarded(raw) == forwarded([(b"x-other", b"b")])
    assert (b"x-internal", b"a") in forwarded([(b"connection", b"Keep-Alive"), (b"x-internal", b"a")])


def test_a_callers_credential_is_only_its_own_without_keys():
    shown = {b"authorization": b"Bearer a", b"x-api-key": b"b", b"x-goog-api-key": b"g", b"other": b"c"}
    own = ((b"authorization", b"Bearer a"), (b"x-api-key", b"b"), (b"x-goog-api-key", b"g"))
    assert credential(shown, keyless=True) == own
    assert credential(shown, keyless=False) == ()


def test_whose_bill_it_is_goes_with_the_credential_it_belongs_to():
    shown = {b"authorization": b"Bearer a", b"openai-project": b"p", b"openai-organization": b"o"}
    assert credential(shown, keyless=True) == (
        (b"authorization", b"Bearer a"),
        (b"openai-organization", b"o"),
        (b"openai-project", b"p"),
    )
    assert credential(shown, keyless=False) == ()
