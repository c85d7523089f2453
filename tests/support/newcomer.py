"""A newcomer who follows a page: a gateway served by the real command, a simulated provider behind it, every block run
as it stands. Three things are put in their place: the port of the gateway, and the ids of the
newest call and the newest approval.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farthing.config.engine import wall_ms
from farthing.domain.ids import show
from farthing.stores.sqlite.approvals import SqliteApprovals
from farthing.stores.sqlite.records import SqliteRecords
from farthing.testing import SimulatedProvider, list_prices
from support.pages import ROOT, Block

USUAL = "127.0.0.1:4141"
SECONDS = 60
RUN = ("farthing", "curl", "python", "bash")
STAYS = ("farthing serve", "farthing simulate", "farthing demo")
"""Commands that go on until they are stopped, or that have tests of their own."""
_CALL = re.compile(r"call_[0-9a-z]{13,16}")
_APPROVAL = re.compile(r"appr_[0-9a-f]{16}")
_SECRET = "a-secret-for-the-documentation-only"

_CONFIG = """\
[providers.openai]
format = "openai"
base_url = "{provider}/v1"
api_key = "env:OPENAI_API_KEY"

[providers.anthropic]
format = "anthropic"
base_url = "{provider}"
api_key = "env:ANTHROPIC_API_KEY"

[providers.gemini]
format = "gemini"
base_url = "{provider}"
api_key = "env:GEMINI_API_KEY"

{more}
"""


class Newcomer:
    """One reader of one page."""

    def __init__(self, home: Path, provider: str, gateway: str) -> None:
        self.home = home
        self.provider = provider
        self.gateway = gateway

    def follow(self, block: Block) -> None:
        """Do what the block shows. Raises AssertionError with what was said where it does not work."""
        if block.language == "python":
            self._run([sys.executable, "-c", self._here(block.text)], block, self.home, self.gateway)
            return
        empty = block.mark == "in an empty folder"
        folder = self._empty_folder() if empty else self.home
        for command in commands(block.text):
            if command.split()[0] in RUN and not command.startswith(STAYS):
                self._run(["bash", "-c", self._here(command)], block, folder, self.provider if empty else self.gateway)

    def _run(self, command: list[str], block: Block, folder: Path, url: str) -> None:
        done = subprocess.run(
            command, cwd=folder, env=environment(url), capture_output=True, text=True, timeout=SECONDS, check=False
        )
        expected = int(found[1]) if (found := re.match(r"exits with (\d+)", block.mark)) else 0
        assert done.returncode == expected, f"{block.place}: {command[-1]}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, f"{block.place}\n{done.stderr}"

    def _here(self, text: str) -> str:
        text = text.replace(USUAL, self.gateway.removeprefix("http://"))
        if _APPROVAL.search(text):
            text = _APPROVAL.sub(self._newest_approval(), text)
        return _CALL.sub(lambda _: self._newest_call(), text) if _CALL.search(text) else text

    def _newest_call(self) -> str:
        records = SqliteRecords(self.home / "farthing.db")
        try:
            (newest,) = records.recent(limit=1)
        finally:
            records.close()
        return show("call", newest.id)

    def _newest_approval(self) -> str:
        approvals = SqliteApprovals(self.home / "farthing.db")
        try:
            (newest,) = approvals.recent(limit=1, now_ms=wall_ms())
        finally:
            approvals.close()
        return show("appr", newest.id)

    def _empty_folder(self) -> Path:
        folder = self.home / f"empty-{time.monotonic_ns()}"
        folder.mkdir()
        (folder / "examples").symlink_to(ROOT / "examples")
        return folder


def commands(text: str) -> list[str]:
    """The commands of a console block: lines that begin with `$`, and those they continue in."""
    joined = text.replace("\\\n", " ")
    return [line.removeprefix("$ ").strip() for line in joined.splitlines() if line.startswith("$ ")]


def environment(url: str) -> dict[str, str]:
    """What a newcomer's shell knows: providers' variables that lead to `url`, and the keys that pages speak of."""
    kept = {name: value for name, value in os.environ.items() if name in ("PYTHONPATH", "LANG", "TMPDIR")}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        "NO_COLOR": "1",
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": _SECRET,
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": _SECRET,
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_API_KEY": _SECRET,
        "SUPPORT_BOT_KEY": f"{_SECRET}-support",
    }


@contextmanager
def newcomer(home: Path, more: str = "") -> Iterator[Newcomer]:
    """`farthing serve` in this folder, with this much more in its farthing.toml, until the block ends."""
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as provider:
        (home / "farthing.toml").write_text(_CONFIG.format(provider=provider.url, more=more), "utf-8")
        (home / "examples").symlink_to(ROOT / "examples")
        serving = subprocess.Popen(
            ["farthing", "serve", "--port", "0", "--quiet"],
            cwd=home,
            env=environment(provider.url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert serving.stdout is not None
            said = serving.stdout.readline()
            assert said.startswith("farthing on http://"), said + (serving.stderr.read() if serving.stderr else "")
            yield Newcomer(home, provider.url, said.removeprefix("farthing on ").strip())
        finally:
            serving.terminate()
            serving.communicate(timeout=SECONDS)
