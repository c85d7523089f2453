"""The pages about clients that the tests' own environment cannot run: each block with the client it is about."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.client_matrix import ENOUGH, installed, scene
from support.clients import CLIENTS, NODE, SECONDS, environment, named, run_text
from support.newcomer import USUAL, commands
from support.pages import DOCS, blocks

pytestmark = pytest.mark.slow

GUIDES = DOCS / "guides" / "clients"
_ELSEWHERE = re.compile(r"not run here: (.+)")
BLOCKS = [
    (named(found[1]), block)
    for page in sorted(GUIDES.glob("*.md"))
    for block in blocks(page)
    if (found := _ELSEWHERE.match(block.mark))
]


@pytest.mark.parametrize(("client", "block"), BLOCKS, ids=lambda value: getattr(value, "place", None))
def test_a_block_works_as_it_is_written_and_is_paid_for(tmp_path, client, block):
    installed(client)
    with scene(tmp_path, ENOUGH) as (gateway, provider, front):
        text = block.text.replace(USUAL, front.url.removeprefix("http://"))
        if block.language == "console":
            (command,) = commands(text)
            done = shell(command, front.url, tmp_path)
        else:
            done = run_text(client, text, front.url, tmp_path)
        assert done.returncode == 0, f"{block.place}\n{done.stdout}{done.stderr}"
        assert gateway.posted("all") == provider.bill.nanos > 0


def shell(command, url, home):
    """A command as it is typed, where `farthing` and the programs of npm are on the path."""
    tools = (Path(sys.executable).parent, NODE / "node_modules" / ".bin", os.environ["PATH"])
    return subprocess.run(
        ["bash", "-c", command],
        env={**environment(url, home), "PATH": os.pathsep.join(map(str, tools))},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_every_client_has_a_page_and_every_page_is_of_a_client():
    assert {client.page for client in CLIENTS} | {"anything-else"} == {page.stem for page in GUIDES.glob("*.md")}
