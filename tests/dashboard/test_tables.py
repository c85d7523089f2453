"""Tables are sorted by the server."""

from farthing.dashboard.forms import Query
from farthing.dashboard.tables import ordered, sort_of

BY = {"size": lambda row: row, "name": str}


def test_the_first_column_falling_is_the_usual_order():
    sort = sort_of(Query((("sort", "evil"),)), BY)
    assert ordered([1, 3, 2], sort, BY) == (3, 2, 1)


def test_a_second_click_turns_it_round():
    sort = sort_of(Query((("sort", "size"), ("by", "team"))), BY)
    assert sort.link("size") == "by=team&sort=size&dir=up"
    turned = sort_of(Query((("sort", "size"), ("dir", "up"))), BY)
    assert ordered([1, 3, 2], turned, BY) == (1, 2, 3)
    assert turned.link("size") == "sort=size"
    assert turned.link("name") == "sort=name"


def test_what_nobody_knows_comes_last_either_way():
    for rising in ("", "up"):
        sort = sort_of(Query((("dir", rising),)), BY)
        assert ordered([1, None, 2], sort, BY)[-1] is None
