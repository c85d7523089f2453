"""Which paths are pages, and which are left to the API."""

import pytest

from farthing.dashboard.paths import is_ours


@pytest.mark.parametrize("path", ["/", "/dashboard", "/dashboard/", "/dashboard/runs/a/b", "/favicon.ico"])
def test_pages_are_the_dashboards(path):
    assert is_ours(path)


@pytest.mark.parametrize("path", ["", "/dashboards", "/v1/chat/completions", "/farthing/v1/calls", "/favicon.icons"])
def test_everything_else_is_not(path):
    assert not is_ours(path)
