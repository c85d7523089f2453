"""Who may look, and from where."""

import pytest

from farthing.dashboard.access import check_change, check_look
from farthing.domain.errors import BadRequest

HERE = {b"host": b"127.0.0.1:4141"}
ORIGIN = {**HERE, b"origin": b"http://127.0.0.1:4141"}


@pytest.mark.parametrize(
    "fetch",
    [
        {},
        {b"sec-fetch-site": b"none"},
        {b"sec-fetch-site": b"same-origin", b"sec-fetch-mode": b"cors"},
        {b"sec-fetch-site": b"cross-site", b"sec-fetch-mode": b"navigate", b"sec-fetch-dest": b"document"},
    ],
)
def test_our_own_pages_and_links_that_lead_here_may_look(fetch):
    check_look({**HERE, **fetch})


@pytest.mark.parametrize(
    "fetch",
    [
        {b"sec-fetch-site": b"cross-site", b"sec-fetch-mode": b"no-cors"},
        {b"sec-fetch-site": b"same-site", b"sec-fetch-mode": b"cors"},
        {b"sec-fetch-site": b"cross-site", b"sec-fetch-mode": b"navigate", b"sec-fetch-dest": b"iframe"},
    ],
)
def test_pages_of_others_may_neither_fetch_nor_embed(fetch):
    with pytest.raises(BadRequest):
        check_look({**HERE, **fetch})


def test_a_change_comes_from_a_page_of_this_very_address():
    check_change(ORIGIN)
    check_change({**ORIGIN, b"sec-fetch-site": b"same-origin"})


@pytest.mark.parametrize(
    "headers",
    [
        HERE,
        {**HERE, b"origin": b"null"},
        {**HERE, b"origin": b"http://127.0.0.1:9999"},
        {**HERE, b"origin": b"http://evil.example"},
        {**ORIGIN, b"sec-fetch-site": b"same-site"},
        {**ORIGIN, b"sec-fetch-site": b"cross-site"},
        {**ORIGIN, b"sec-fetch-site": b"none"},
    ],
)
def test_a_change_from_anywhere_else_is_refused(headers):
    with pytest.raises(BadRequest) as refused:
        check_change(headers)
    assert refused.value.status == 403


def test_where_browsers_come_over_tls_only_their_own_pages_ask():
    secure = {b"host": b"farthing.example.com", b"origin": b"https://farthing.example.com"}
    check_change(secure, (b"https",))
    with pytest.raises(BadRequest):
        check_change({**secure, b"origin": b"http://farthing.example.com"}, (b"https",))
