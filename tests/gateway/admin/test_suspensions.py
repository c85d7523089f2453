"""Suspensions and rates over HTTP."""

import pytest

from support.admin import BUDGET, admin, chat, refused
from support.gateway import gateway_and_provider


def test_a_suspension_holds_from_its_answer_on_and_until_it_is_lifted(gateway):
    made = admin(
        gateway, "POST", "/suspensions", {"label": "user", "value": "a/b", "minutes": 5, "why": "x"}, status=201
    )
    assert (made["by"], made["why"]) == ("admin side without keys", "x")
    assert made["until"] is not None
    assert chat(gateway, x_farthing_labels="user=a/b").status_code == 402
    assert admin(gateway, "GET", "/suspensions")["suspensions"][0]["value"] == "a/b"
    admin(gateway, "DELETE", "/suspensions/user/a%2Fb")
    assert admin(gateway, "GET", "/suspensions") == {"suspensions": []}
    assert chat(gateway, x_farthing_labels="user=a/b").status_code == 200
    refused(gateway, "DELETE", "/suspensions/user/a%2Fb", status=404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"label": "User!", "value": "a"}, "label"),
        ({"label": "user", "value": " "}, "value"),
        ({"label": "user", "value": "a" * 300}, "value"),
        ({"label": "user", "value": "a", "minutes": 0}, "minutes"),
        ({"label": "user"}, "value"),
    ],
)
def test_what_names_nobody_is_refused(one_gateway, body, field):
    refused(one_gateway, "POST", "/suspensions", body, status=400, field=field)


def test_rates_are_shown_as_they_stand(tmp_path):
    limit = '[[limits]]\nmatch = { user = "*" }\nrequests = 5\ntokens = 9000\nper = "hour"\n'
    with gateway_and_provider(tmp_path, BUDGET + limit) as (gateway, _):
        assert admin(gateway, "GET", "/limits") == {"limits": []}
        chat(gateway, x_farthing_labels="user=ann")
        (shown,) = admin(gateway, "GET", "/limits")["limits"]
        assert (shown["match"], shown["values"], shown["per"]) == ({"user": "*"}, ["ann"], "hour")
        assert (shown["requests"], shown["requests_limit"], shown["running"]) == (1, 5, 0)
        assert 0 < shown["tokens"] < 200


def test_without_limits_there_is_nothing_to_show(one_gateway):
    assert admin(one_gateway, "GET", "/limits") == {"limits": []}
