"""Requests as typed values: each mistake is told with the field it is in."""

from typing import Annotated

import msgspec
import pytest

from farthing.config.amounts import Amount
from farthing.config.settings import Budget
from farthing.domain.budget import Unit
from farthing.domain.errors import BadRequest
from farthing.domain.ids import show
from farthing.gateway.admin.reading import as_in_the_file, body_of, call_id, no_query, query_of


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    deep: int


class Thing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    many: dict[str, Inner] = {}
    limit: Annotated[int, msgspec.Meta(ge=1)] = 1


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    limit: int = 5
    open: bool = False
    label: dict[str, str] = {}


def field_of(act, *args):
    with pytest.raises(BadRequest) as caught:
        act(*args)
    assert caught.value.status == 400
    return caught.value.field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "name"),
        (b'{"name":1}', "name"),
        (b'{"name":"a","other":1}', "other"),
        (b'{"name":"a","many":{"x":{"deep":"1"}}}', "many.deep"),
        (b'{"name":"a","many":{"x":{"deep":1,"wide":2}}}', "many.wide"),
        (b'{"name":"a","limit":0}', "limit"),
        (b'{"name":"a","limit":true}', "limit"),
        (b'{"name":"a","name":"b"}', "name"),
    ],
)
def test_a_body_is_read_strictly(body, field):
    assert field_of(body_of, body, Thing) == field


def test_a_good_body_is_the_struct():
    assert body_of(b'{"name":"a","many":{"x":{"deep":1}}}', Thing) == Thing(name="a", many={"x": Inner(1)})


def test_a_query_is_text_turned_into_types():
    assert query_of(b"limit=7&open=true&label.team=a%20b&label.x=", Query) == Query(
        limit=7, open=True, label={"team": "a b", "x": ""}
    )
    assert query_of(b"", Query) == Query()
    assert field_of(query_of, b"limit=x", Query) == "limit"
    assert field_of(query_of, b"limit=1&limit=2", Query) == "limit"
    assert field_of(query_of, b"nothing=1", Query) == "nothing"
    assert field_of(query_of, b"&".join(b"label.a%d=1" % n for n in range(70)), Query) == "query"
    assert field_of(query_of, b"label.team=a", Thing) == "label"
    assert field_of(no_query, b"x=1") == "x"


def test_ids_are_those_of_calls():
    assert call_id(show("call", 16), "path") == 16
    assert field_of(call_id, show("run", 16), "path") == "path"


def test_the_files_own_rules_hold_and_name_the_requests_fields():
    good = as_in_the_file(Budget, "budgets", {"name": "a", "limit": "5"}, {})
    assert good.limit == Amount(Unit.USD, 5_000_000_000)
    assert (
        field_of(as_in_the_file, Budget, "budgets", {"name": "a", "limit": "x"}, {"limit": "limits.usd"})
        == "limits.usd"
    )
    assert field_of(as_in_the_file, Budget, "budgets", {"name": "a"}, {}) == ""
