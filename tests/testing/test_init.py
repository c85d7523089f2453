"""The public face."""

import subprocess
import sys

import pytest

import farthing.testing


def test_importing_it_loads_no_server():
    script = (
        "import sys, farthing.testing; print(sorted({'uvicorn', 'msgspec', 'asyncio', 'quicktok'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_public_name_is_there():
    for name in farthing.testing.__all__:
        assert getattr(farthing.testing, name) is not None


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = farthing.testing.nothing
