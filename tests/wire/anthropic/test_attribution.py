"""Who a Messages request says it is for."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.anthropic.attribution import attribution

SESSION = "0b9b4b3e-6f1c-4f5e-9a57-b1c7e6f0a001"
DEVICE = "a" * 64


@pytest.mark.parametrize("body", [{}, {"metadata": None}, {"metadata": {}}, {"metadata": {"user_id": ""}}])
def test_nobody_is_named_where_nobody_is(body):
    assert attribution(body) == ()


def test_a_plain_user_is_taken_whole():
    assert attribution({"metadata": {"user_id": "u-17"}}) == (("user", "u-17"),)


@pytest.mark.parametrize("account", ["", "5f2c1e9a-0000-4000-8000-000000000001"])
def test_the_older_form_of_claude_code_gives_the_same_user_in_every_session(account):
    user = f"user_{DEVICE}_account_{account}"
    assert attribution({"metadata": {"user_id": f"{user}_session_{SESSION}"}}) == (("user", user), ("session", SESSION))


@pytest.mark.parametrize(("account", "user"), [("", DEVICE), ("acc-1", "acc-1")])
def test_the_newer_form_of_claude_code_is_json(account, user):
    packed = f'{{"device_id":"{DEVICE}","account_uuid":"{account}","session_id":"{SESSION}"}}'
    assert attribution({"metadata": {"user_id": packed}}) == (("user", user), ("session", SESSION))


@pytest.mark.parametrize("user", ['{"tenant":"x"}', "{oops", "user_abc_session_x"])
def test_what_only_looks_like_it_is_a_plain_user(user):
    assert attribution({"metadata": {"user_id": user}}) == (("user", user),)


def test_a_user_of_the_wrong_type_is_refused():
    with pytest.raises(BadRequest) as refused:
        attribution({"metadata": {"user_id": 5}})
    assert refused.value.field == "metadata.user_id"
