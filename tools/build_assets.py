"""Fetches the dashboard's pinned npm packages and copies what the pages need, with its licences, into the package.

    python tools/build_assets.py            # fetch, check, copy, and write assets.json
    python tools/build_assets.py --check    # only say whether the committed files are those that assets.json records

Nothing is built: the files are the makers' own minified ones, byte for byte. `assets.json` records the version of each
package, the checksum of its archive and of every file; a test compares the committed bytes with it.
"""

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "src" / "farthing" / "dashboard" / "assets"
RECORD = FOLDER / "assets.json"

PACKAGES = {
    # package: (version, integrity of its archive, {file in the package: name here})
    "htmx.org": (
        "4.0.1",
        "sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==",
        {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"},
    ),
    "uplot": (
        "1.6.32",
        "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        {
            "dist/uPlot.iife.min.js": "uplot.min.js",
            "dist/uPlot.min.css": "uplot.min.css",
            "LICENSE": "uplot.LICENSE.txt",
        },
    ),
    "@fontsource-variable/inter": (
        "5.3.0",
        "sha512-OupL48va4JNofb97w6NYeF9S7W/kHNKM0Er8Dem5nqi4jeOLrVJDoE8tZEpnMJmtkvNbB1EIPPwHcdkF6b1oUA==",
        {"files/inter-latin-wght-normal.woff2": "inter-latin.woff2", "LICENSE": "inter.LICENSE.txt"},
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare the committed files with assets.json")
    if parser.parse_args().check:
        return check()
    FOLDER.mkdir(parents=True, exist_ok=True)
    record = {name: fetch(name, *wanted) for name, wanted in PACKAGES.items()}
    RECORD.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    return check()


def fetch(package: str, version: str, integrity: str, files: dict[str, str]) -> dict[str, object]:
    """Copy the files of one package here, and return what is recorded of them."""
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run(
            ["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, capture_output=True, text=True
        )
        archive = Path(folder) / said.stdout.strip().splitlines()[-1]
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != integrity:
            sys.exit(f"{package} {version}: the archive is {found}, and {integrity} is pinned")
        with tarfile.open(archive) as opened:
            for path, name in files.items():
                member = opened.extractfile(f"package/{path}")
                assert member is not None, f"{package} has no file {path}"
                (FOLDER / name).write_bytes(member.read())
    recorded = {name: {"from": path, **measured(FOLDER / name)} for path, name in files.items()}
    return {"version": version, "integrity": integrity, "files": recorded}


def measured(file: Path) -> dict[str, object]:
    """Size and checksum of one file."""
    content = file.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def check() -> int:
    """Say what differs from the record; 1 where something does."""
    record = json.loads(RECORD.read_text("utf-8"))
    wrong = 0
    for package, entry in record.items():
        for name, known in entry["files"].items():
            same = {key: known[key] for key in ("bytes", "sha256")} == measured(FOLDER / name)
            wrong += not same
            print(
                f"{'same  ' if same else 'OTHER '} {name:<22} {known['bytes']:>7} bytes  {package} {entry['version']}"
            )
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
