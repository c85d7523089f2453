"""Who may look, and from where."""

import pytest

from farthing.dashboard.access import check_change, check_look, check_place
from farthing.domain.errors import BadRequest

HERE = {b"host": b"127.0.0.1:4141"}
ORIGIN = {**HERE, b"origin": b"http://127.0.0.1:4141"}


@pytest.mark.parametrize("host", [b"127.0.0.1:4141", b"localhost:4141", b"[::1]:4141", b"localhost"])
def test_this_machine_is_served_by_its_own_names(host):
    check_place({b"host": host}, "127.0.0.1")


@pytest.mark.parametrize("host", [b"evil.example", b"127.0.0.1.evil.example:4141", b"localhost.evil.example", b""])
def test_a_name_that_was_led_here_is_refused(host):
    with pytest.raises(BadRequest) as refused:
        check_place({b"host": host}, "127.0.0.1")
    assert refused.value.status == 403


def test_other_machines_are_refused_and_so_is_what_a_proxy_forwards():
    for headers, peer in ((HERE, "10.0.0.7"), ({**HERE, b"x-forwarded-for": b"10.0.0.7"}, "127.0.0.1")):
        with pytest.raises(BadRequest):
            check_place(headers, peer)


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
