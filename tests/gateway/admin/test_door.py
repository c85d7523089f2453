"""The door of the admin side: what it offers, what it refuses, and that an answer is for nobody's cache."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.gateway.admin.door import ENDPOINTS, find
from support.admin import ADMIN, CALLER, admin, ask, bearer, refused


def test_a_key_without_the_right_is_refused_everywhere(one_locked):
    for each in ENDPOINTS:
        if each.right == "call":
            continue
        path = each.path.replace("{", "").replace("*}", "").replace("}", "")
        body = {} if each.takes is not None else None
        refused(one_locked, each.method, path, body, status=403, field="authorization", **bearer(CALLER))
        refused(one_locked, each.method, path, body, status=401, field="authorization")
        refused(one_locked, each.method, path, body, status=401, **bearer("fk_aaaaaaaa_wrong"))
    assert ask(one_locked, "GET", "/farthing/openapi.json", **bearer(CALLER)).status_code == 403


def test_the_door_is_not_forwarded_even_to_a_key(one_locked):
    refused(
        one_locked, "GET", "/keys", status=403, field="x-forwarded-for", **bearer(ADMIN), x_forwarded_for="10.0.0.1"
    )


def test_answers_are_for_nobodys_cache(one_locked):
    answer = ask(one_locked, "GET", "/farthing/v1/keys", **bearer(ADMIN))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/keys/a/b", 404),
        ("PATCH", "/keys", 405),
        ("DELETE", "/budgets", 405),
        ("GET", "/budgets/all/raise", 405),
        ("GET", "/keys/", 404),
    ],
)
def test_what_is_not_offered_is_refused(one_gateway, method, path, status):
    refused(one_gateway, method, path, status=status)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"name":"a","name":"b"}', "name"),
        (b'{"name":"a","max_values":NaN}', None),
        (b'{"name":"\\ud800"}', None),
        (b"\xef\xbb\xbf{}", None),
        (b"[]", None),
        (b"", None),
        (b'{"labels":' + b'{"a":' * 50 + b"{}" + b"}" * 51, None),
    ],
)
def test_json_that_could_mean_two_things_is_refused(one_gateway, body, field):
    refused(one_gateway, "POST", "/keys", body, status=400, field=field)
    assert admin(one_gateway, "GET", "/keys") == {"keys": []}


def test_a_body_is_json_by_its_own_word_and_of_bounded_size(one_gateway):
    refused(one_gateway, "POST", "/keys", b"name=a", status=415, content_type="application/x-www-form-urlencoded")
    refused(one_gateway, "POST", "/keys", b'{"name":"' + b"a" * 70_000 + b'"}', status=413)


def test_parameters_where_none_are_taken_are_refused(one_gateway):
    refused(one_gateway, "GET", "/keys?all=1", status=400, field="all")


def test_a_page_of_another_port_may_not_ask(one_gateway):
    refused(one_gateway, "GET", "/keys", status=403, field="origin", origin="http://localhost:3000")
    refused(one_gateway, "GET", "/keys", status=403, field="sec-fetch-site", sec_fetch_site="same-site")
    admin(one_gateway, "GET", "/keys", origin=one_gateway.url, sec_fetch_site="same-origin")


def test_the_method_chooses_among_endpoints_of_one_path():
    assert find("POST", "/farthing/v1/keys")[0].status == 201
    assert find("POST", "/farthing/v1/gates/openai/a/b/acknowledge")[1] == {"gate": "openai/a/b"}
    with pytest.raises(BadRequest) as caught:
        find("PUT", "/farthing/v1/keys")
    assert "GET, POST" in str(caught.value)
