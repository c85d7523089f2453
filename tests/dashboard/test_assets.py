"""Files beside the pages: the recorded bytes, kept for ever by their version."""

import gzip
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from farthing.dashboard.assets import FOLDERS, Assets

ROOT = Path(__file__).parents[2]
RECORD = json.loads((FOLDERS[0] / "assets.json").read_text())
FILES = [(name, known) for entry in RECORD.values() for name, known in entry["files"].items()]
ASSETS = Assets()


@pytest.mark.parametrize(("name", "known"), FILES, ids=[name for name, _ in FILES])
def test_a_vendored_file_is_the_one_that_was_recorded(name, known):
    content = (FOLDERS[0] / name).read_bytes()
    assert len(content) == known["bytes"]
    assert sha256(content).hexdigest() == known["sha256"]


def test_every_vendored_file_is_recorded_and_each_package_has_its_licence_and_version():
    there = {file.name for file in FOLDERS[0].iterdir()} - {"assets.json"}
    assert there == {name for name, _ in FILES}
    for entry in RECORD.values():
        assert any("LICENSE" in name for name in entry["files"])
        assert entry["version"].count(".") == 2
        assert entry["integrity"].startswith("sha512-")


def test_the_tool_that_fetches_them_pins_what_is_recorded():
    said = subprocess.run(
        [sys.executable, ROOT / "tools" / "build_assets.py", "--check"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout
    tool = (ROOT / "tools" / "build_assets.py").read_text()
    for name, entry in RECORD.items():
        assert f'"{name}"' in tool
        assert entry["integrity"] in tool


def test_a_file_is_kept_for_ever_under_its_version_and_not_under_another():
    path, _, query = ASSETS.url("htmx.min.js").partition("?")
    kept = ASSETS.answer(path, query.encode(), {})
    assert dict(kept.headers)[b"cache-control"].endswith(b"immutable")
    assert dict(ASSETS.answer(path, b"v=other", {}).headers)[b"cache-control"] == b"no-store"
    assert kept.body == (FOLDERS[0] / "htmx.min.js").read_bytes()


def test_text_is_compressed_for_who_takes_it():
    path, _, query = ASSETS.url("dashboard.css").partition("?")
    plain = ASSETS.answer(path, query.encode(), {})
    small = ASSETS.answer(path, query.encode(), {b"accept-encoding": b"gzip, br"})
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 2


def test_the_style_names_the_font_by_its_version():
    css = ASSETS.files["dashboard.css"].content.decode()
    assert ASSETS.url("inter-latin.woff2") in css


@pytest.mark.parametrize(
    "path", ["/dashboard/assets/", "/dashboard/assets/../desk.py", "/dashboard/assets/assets.json", "/", "htmx.min.js"]
)
def test_nothing_else_is_a_file(path):
    assert ASSETS.answer(path, b"", {}) is None


def test_the_icon_is_where_browsers_look_for_it():
    assert ASSETS.answer("/favicon.ico", b"", {}).content_type == "image/svg+xml"


def test_a_page_of_everything_weighs_little():
    sizes = {
        name: len(file.squeezed or file.content) for name, file in ASSETS.files.items() if not name.endswith(".txt")
    }
    assert sum(sizes.values()) < 110_000, sizes
