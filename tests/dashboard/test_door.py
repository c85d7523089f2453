"""The dashboard's door."""

import asyncio
import subprocess
import sys

import pytest

from farthing.dashboard.door import MOST_AT_A_TIME, Dashboard
from farthing.domain.errors import BadRequest


def test_its_paths_are_its_own_and_no_others():
    door = Dashboard(None)
    assert all(map(door.serves, ("/", "/dashboard", "/dashboard/runs/x", "/favicon.ico")))
    assert not any(map(door.serves, ("/v1/models", "/dashboards", "/farthing/v1/keys", "/healthz", "/index.html")))


def test_too_many_at_a_time_are_told_to_come_back():
    async def main():
        door = Dashboard(None)
        assert await door.aside(lambda: 7) == 7
        door.at_work = MOST_AT_A_TIME + 1
        with pytest.raises(BadRequest) as refused:
            await door.aside(lambda: 7)
        assert refused.value.status == 503

    asyncio.run(main())


def test_a_gateway_that_nobody_looks_at_has_not_loaded_jinja():
    script = "import sys, farthing.cli.serve; print('jinja2' in sys.modules, 'farthing.dashboard.desk' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
