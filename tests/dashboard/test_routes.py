"""Every path in one table."""

import pytest

from farthing.dashboard.render import MENU
from farthing.dashboard.routes import ROUTES


def test_no_two_routes_are_the_same():
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_every_page_of_the_menu_is_there():
    paths = {route.path for route in ROUTES if route.method == "GET"}
    assert {address for address, _, _ in MENU} <= paths


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_only_the_way_in_and_logging_in_and_out_are_open_and_all_is_below_one_prefix(route):
    assert route.open == (route.path in ("/", "/dashboard/login", "/dashboard/logout"))
    assert route.path == "/" or route.path.startswith("/dashboard")
    assert route.method in ("GET", "POST")
