"""A folder for what `tmp_path` cannot hold: one for each example of a property."""

import os
import tempfile


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Where the folders of tests are; gone with its `cleanup()`."""
    return tempfile.TemporaryDirectory(prefix="farthing-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))
