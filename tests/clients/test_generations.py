"""`farthing.wrap` and `farthing.install` on every generation of the makers' clients: the same tests, where each is installed."""

import json
import os
import subprocess
from xml.etree import ElementTree as ET

import pytest

from support.clients import MATRIX, ROOT
from support.generations_of_clients import GENERATIONS, SUITE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_500)]


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda generation: generation.name)
def test_the_tests_of_wrapped_clients_pass_on_it(tmp_path, generation):
    if MATRIX not in os.environ:
        pytest.skip("`make test-clients` runs this on every generation; `make test` runs these tests on its own")
    versions = generation.versions()
    assert versions, f"{generation.name} is not installed"
    done, results = suite(generation, tmp_path)
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr
    passed = results["tests"] - results["skipped"]
    assert passed > 200
    row = {"generation": generation.name, **versions._asdict(), "passed": passed, "skipped": results["skipped"]}
    with open(os.environ[MATRIX], "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def suite(generation, folder):
    """The tests, run by the generation's own Python; how it ended and how many there were."""
    report = folder / "report.xml"
    files = sorted(str(path.relative_to(ROOT)) for pattern in SUITE for path in ROOT.glob(pattern))
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", f"--basetemp={folder / 'base'}"]
    done = subprocess.run(
        [generation.python, *words, *files], cwd=ROOT, capture_output=True, text=True, timeout=1_400, check=False
    )
    counts = ET.parse(report).getroot()[0].attrib if report.exists() else {}
    return done, {name: int(counts.get(name, 0)) for name in ("tests", "skipped")}


def test_every_generation_is_one_of_its_own():
    assert len({generation.home for generation in GENERATIONS}) == len(GENERATIONS) >= 3
    assert all(any(ROOT.glob(pattern)) for pattern in SUITE)
