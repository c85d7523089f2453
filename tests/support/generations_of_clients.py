"""The generations of the makers' Python clients that `farthing.wrap` is tested on, each in a virtual environment of its own."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from support.clients import INSTALLED, ROOT, SECONDS

SUITE = ("tests/sdk/test_wrap*.py", "tests/sdk/test_install.py", "tests/sdk/test_fetched.py", "tests/e2e/test_sdk.py")
"""The tests of wrapped clients, on whichever generation is installed where they run."""
TOOLS = ("pytest", "pytest-timeout", "hypothesis", "websockets")
_SHOW = """
import json, openai, anthropic
def http(kind):
    return next(
        package for base in type(kind(api_key="k")._client).__mro__
        if (package := base.__module__.partition(".")[0]) in ("httpx", "httpx2")
    )
kinds = (openai.OpenAI, anthropic.Anthropic)
print(json.dumps([openai.__version__, anthropic.__version__, *map(http, kinds)]))
"""


class Versions(NamedTuple):
    """What is installed in one environment."""

    openai: str
    anthropic: str
    openai_http: str
    """The httpx that it stands on: `httpx` or `httpx2`."""
    anthropic_http: str


class Generation(NamedTuple):
    """One client of each maker, beside Farthing itself."""

    name: str
    home: str
    """The name of its virtual environment."""
    clients: tuple[str, ...]
    """What pip is asked for."""

    @property
    def python(self) -> Path:
        return INSTALLED / "python" / self.home / "bin" / "python"

    @property
    def wants(self) -> tuple[str, ...]:
        return ("--editable", f"{ROOT}[tokens]", *TOOLS, *self.clients)

    def versions(self) -> Versions | None:
        """Of what is installed; None where nothing is."""
        if not self.python.exists():
            return None
        done = subprocess.run([self.python, "-c", _SHOW], capture_output=True, text=True, timeout=SECONDS, check=False)
        return Versions(*json.loads(done.stdout)) if done.returncode == 0 else None

    def version(self) -> str:
        """Of the first of its clients; "" where nothing is installed."""
        found = self.versions()
        return found.openai if found else ""


GENERATIONS = (
    Generation("openai 2.54, anthropic 1.17", "wrap-2.54", ("openai==2.54.*", "anthropic==1.17.*")),
    Generation("openai 3.3, anthropic 2.0", "wrap-3.3", ("openai==3.3.*", "anthropic==2.0.*")),
    Generation("the newest of both", "wrap-newest", ("openai", "anthropic")),
)
