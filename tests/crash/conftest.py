"""What a crash leaves is looked for on a disk: here nothing is in memory, and every fsync is one."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder where the system keeps its temporary files; it is left where the test fails."""
    folder = Path(tempfile.mkdtemp(prefix="farthing-crash-"))
    before = request.session.testsfailed
    yield folder
    if request.session.testsfailed == before:
        shutil.rmtree(folder)
