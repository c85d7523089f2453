"""The clients that people use, unmodified: where each is installed, which small task it does, and how it is started.

`tools/test_clients.py` installs them; the tests run those that are there. A task asks, lets the model use a tool, gives it
the result and reads a stream, all with the client's own defaults and the variables that its makers document.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / ".clients"
NODE = INSTALLED / "node"
MATRIX = "FARTHING_CLIENT_MATRIX"
"""The variable that names the file for the rows of the matrix; where it is set, every client must be there."""
PROGRAMS = ROOT / "tests" / "clients" / "programs"
SECONDS = 100
QUESTION = "Where is my order A-1001?"
TOOLS = {"Bash": {"command": "echo A-1001", "description": "Look it up"}, "exec_command": {"cmd": "echo A-1001"}}
"""The tools that coding agents bring, and a call of each that does no harm."""
PROGRAMS_OF_TOOLS = {"exec": 'text(await tools.exec_command({cmd: "echo A-1001"}));'}
"""The same of tools that are called with plain text: Codex's newest models write programs that use the others."""


class Client(NamedTuple):
    """One client in one version. `home` is `node`, the name of a virtual environment, or "" for the tests' own."""

    name: str
    package: str
    home: str
    wants: tuple[str, ...]
    """What pip or npm is asked for."""
    program: str
    """A file of `programs`, or the name of a command."""
    page: str
    """Of docs/guides/clients."""
    gemini: bool = False

    @property
    def python(self) -> Path:
        return INSTALLED / "python" / self.home / "bin" / "python" if self.home else Path(sys.executable)

    @property
    def is_command(self) -> bool:
        return "." not in self.program

    def version(self) -> str:
        """Of what is installed; "" where nothing is."""
        if self.home == "node":
            about = NODE / "node_modules" / self.package / "package.json"
            found = json.loads(about.read_text())["version"] if about.exists() and shutil.which("node") else ""
            return str(found)
        if not self.python.exists():
            return ""
        show = f"from importlib.metadata import version; print(version({self.package!r}))"
        done = subprocess.run([self.python, "-c", show], capture_output=True, text=True, timeout=SECONDS, check=False)
        return done.stdout.strip()

    def command(self, url: str) -> list[str]:
        """What starts its task against the gateway at `url`."""
        if self.program == "claude":
            return [*executable("claude"), "-p", QUESTION, "--output-format", "json", "--allowedTools", "Bash(echo:*)"]
        if self.program == "codex":
            return [*executable("codex"), "-c", f'openai_base_url="{url}/v1"', *CODEX]
        if self.home == "node":
            return ["node", "--input-type=module", "-"]
        return [str(self.python), "-"]


CODEX = ("-c", 'web_search="disabled"', "exec", "--skip-git-repo-check", "--json", "-m", "gpt-4o-mini", QUESTION)


def _python(name: str, package: str, home: str, program: str, page: str = "", *wants: str) -> Client:
    return Client(name, package, home, wants, f"{program}.py", page or name)


CLIENTS = (
    _python("openai-python", "openai", "", "openai_chat"),
    _python("openai-python 2.54", "openai", "openai-2.54", "openai_chat", "openai-python", "openai==2.54.*"),
    _python("openai-python 3.3", "openai", "openai-3.3", "openai_chat", "openai-python", "openai==3.3.*"),
    Client("openai-js", "openai", "node", ("openai",), "openai_js.mjs", "openai-js"),
    _python("anthropic (Python)", "anthropic", "", "anthropic_messages", "anthropic"),
    _python("anthropic (Python) 1.17", "anthropic", "anthropic-1.17", "anthropic_messages", "anthropic", "anthropic==1.17.*"),
    Client("anthropic (JS)", "@anthropic-ai/sdk", "node", ("@anthropic-ai/sdk",), "anthropic_js.mjs", "anthropic"),
    Client("google-genai", "google-genai", "google-genai", ("google-genai",), "google_genai.py", "google-genai", gemini=True),
    Client("google-genai 2", "google-genai", "google-genai-2", ("google-genai<3",), "google_genai.py", "google-genai", gemini=True),
    Client("google-genai (JS)", "@google/genai", "node", ("@google/genai",), "google_genai_js.mjs", "google-genai", gemini=True),
    _python("LangChain", "langchain", "", "langchain_agent", "langchain"),
    _python("LangGraph", "langgraph", "", "langgraph_graph", "langgraph"),
    _python("pydantic-ai", "pydantic-ai-slim", "", "pydantic_ai_agent"),
    _python("OpenAI Agents", "openai-agents", "openai-agents", "openai_agents", "openai-agents", "openai-agents"),
    _python("instructor", "instructor", "instructor", "instructor_typed", "instructor", "instructor", "anthropic"),
    Client("Vercel AI SDK", "ai", "node", ("ai", "@ai-sdk/openai", "@ai-sdk/anthropic", "zod"), "vercel_ai_sdk.mjs", "vercel-ai-sdk"),
    Client("Claude Code", "@anthropic-ai/claude-code", "node", ("@anthropic-ai/claude-code",), "claude", "claude-code"),
    Client("Codex", "@openai/codex", "node", ("@openai/codex",), "codex", "codex"),
)  # fmt: skip


def named(name: str) -> Client:
    return next(client for client in CLIENTS if client.name == name)


def executable(name: str) -> list[str]:
    return [str(NODE / "node_modules" / ".bin" / name)]


def environment(url: str, home: Path) -> dict[str, str]:
    """A shell in which every client finds the gateway, by the variables of its own makers, and nobody's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    bases = {"OPENAI_BASE_URL": f"{url}/v1", "ANTHROPIC_BASE_URL": url, "GOOGLE_GEMINI_BASE_URL": url}
    keys = {"OPENAI_API_KEY": "sk-test", "CODEX_API_KEY": "sk-test", "ANTHROPIC_API_KEY": "sk-ant-test"}
    return {
        **kept, **bases, **keys, **quiet(home), "GEMINI_API_KEY": "gemini-test",
    }  # fmt: skip


def quiet(home: Path) -> dict[str, str]:
    """A home of its own, and no calls to anybody else."""
    return {
        "HOME": str(home),
        "NO_PROXY": "127.0.0.1,localhost",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",  # nor a title for the session, by a call beside the first
        "PYDANTIC_AI_NO_BANNER": "1",
        "LANGSMITH_TRACING": "false",
    }


def perform(client: Client, url: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Its task, to the end. A program comes by standard input, so that it runs where its packages are."""
    text = "" if client.is_command else (PROGRAMS / client.program).read_text()
    return run_text(client, text, url, home)


def run_text(client: Client, text: str, url: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A program of this client's, given as text."""
    return subprocess.run(
        client.command(url),
        input=text,
        env=environment(url, home),
        cwd=NODE if client.home == "node" and not client.is_command else home,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
