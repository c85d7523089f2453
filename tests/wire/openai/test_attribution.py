"""Labels that a request in OpenAI's format carries, within bounds."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.openai.attribution import attribution


def test_the_user_is_user_or_else_the_safety_identifier() -> None:
    assert attribution({"user": "u1", "safety_identifier": "s1"}) == (("user", "u1"),)
    assert attribution({"safety_identifier": "s1"}) == (("user", "s1"),)
    assert attribution({"user": "", "safety_identifier": None}) == ()


def test_metadata_becomes_tags() -> None:
    assert attribution({"metadata": {"team": "a", "ticket": "42"}}) == (("tag.team", "a"), ("tag.ticket", "42"))


def test_what_is_beyond_the_documented_limits_is_left_out() -> None:
    many = {f"k{n}": "v" for n in range(40)}
    assert len(attribution({"metadata": many})) == 16
    assert attribution({"metadata": {"": "v", "k" * 65: "v", "long": "v" * 513, "number": 1}}) == ()
    assert attribution({"user": "u" * 600}) == (("user", "u" * 512),)


@pytest.mark.parametrize("body", [{"user": 1}, {"safety_identifier": []}, {"metadata": "x"}, {"metadata": ["x"]}])
def test_another_type_is_refused_by_name(body: dict) -> None:
    with pytest.raises(BadRequest) as caught:
        attribution(body)
    assert caught.value.field == next(iter(body))
