"""Installs the clients that people use, runs each before a gateway and a simulated provider, and writes what was found.

    tools/test_clients.py                  all of it: the matrix is printed and written to docs/reference/client-matrix.md
    tools/test_clients.py --install short  only install: one generation of each; `make test` then runs what is there
    tools/test_clients.py --fresh          throw away what is installed first, and take the newest of everything

Everything is installed by name into .clients, which git does not see.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.clients import CLIENTS, INSTALLED, MATRIX, NODE, Client  # noqa: E402  the tests' folder is on the path now
from support.generations_of_clients import GENERATIONS, Generation  # noqa: E402

PAGE = ROOT / "docs" / "reference" / "client-matrix.md"
HEAD = """\
# The client matrix

Written by `make test-clients`, which installs these clients by name and runs each of them, unmodified, before a gateway and a
simulated provider. Each does a small task with a tool call and a stream. *Ours* is what the gateway's ledger posted, *theirs* what
the provider charged: equal to the nano-dollar, or the run fails. Then the same at the end of a budget: how many requests arrive,
tries again included, and what a person gets to read. How each is set up: [clients](../guides/clients.md).

"""
COLUMNS = ("client", "version", "calls", "ours, USD", "theirs, USD", "requests when refused", "what it shows then")
TAIL = """
Each shows our whole sentence; here is its beginning. Claude Code is told `CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1`; otherwise it also
asks for a title of the session, beside its first question. Codex asks for a web socket before its first request, once, and is told 426.

## In process, on every generation

The tests of `farthing.wrap` and `farthing.install` run in a virtual environment of each of these: blocking and asynchronous clients,
with the tries that they make by themselves, every way to call and to stream, copies, proxies, tool runners, background answers, and
whatever is refused. What a wrapped client spends equals the simulated provider's bill to the nano-dollar. Skipped are tests of what
that generation does not have.

"""
OF_WRAPPED = ("openai", "on", "anthropic", "on", "tests passed", "skipped")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", choices=("short", "all"), help="install and do nothing else")
    parser.add_argument("--fresh", action="store_true", help="throw away what is installed first")
    given = parser.parse_args()
    if given.fresh and INSTALLED.exists():
        shutil.rmtree(INSTALLED)
    failed = list(install(short=given.install == "short"))
    for problem in failed:
        print(f"clients: {problem}", file=sys.stderr)
    if given.install:
        return 0  # what is missing is skipped by the tests, loudly
    return 1 if failed else run()


def install(*, short: bool) -> Iterable[str]:
    """Install what is not there yet. Yields what went wrong."""
    began = time.monotonic()
    wanted = [client for client in CLIENTS if not (short and {"=", "<"} & set("".join(client.wants)))]
    on_node = [client for client in wanted if client.home == "node"]
    if all(each.version() for each in (*wanted, *(() if short else GENERATIONS))):
        return
    if shutil.which("npm") is None:
        yield "there is no npm here: the JavaScript clients, Claude Code and Codex are NOT tested"
    elif not all(client.version() for client in on_node):
        yield from _node(on_node)
    for client in wanted:
        if client.wants and client.home != "node" and not client.version():
            yield from _python(client)
    for generation in () if short else GENERATIONS:
        if not generation.version():
            yield from _python(generation)
    print(f"clients: installed into {INSTALLED.name} in {time.monotonic() - began:.0f} s")


def _node(clients: list[Client]) -> Iterable[str]:
    NODE.mkdir(parents=True, exist_ok=True)
    wants = {package: "latest" for client in clients for package in client.wants}
    about = {"name": "farthing-clients", "private": True, "type": "module", "dependencies": wants}
    (NODE / "package.json").write_text(json.dumps(about, indent=2) + "\n")
    yield from _done("npm", ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], NODE)


def _python(client: Client | Generation) -> Iterable[str]:
    home = client.python.parents[1]
    venv.create(home, with_pip=False, clear=True)
    pip = [sys.executable, "-m", "pip", "--python", str(client.python), "install", "--quiet"]
    yield from _done(client.name, [*pip, "--disable-pip-version-check", *client.wants], ROOT)


def _done(what: str, command: list[str], folder: Path) -> Iterable[str]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"{what} cannot be installed, so it is NOT tested: {done.stderr.strip()[-300:]}"


def run() -> int:
    """Run the tests of clients; print what they found, and write it where all passed. Returns the exit code."""
    rows = INSTALLED / "matrix.jsonl"
    rows.unlink(missing_ok=True)
    tests = [sys.executable, "-m", "pytest", "-q", str(ROOT / "tests" / "clients")]
    code = subprocess.run(tests, cwd=ROOT, env={**os.environ, MATRIX: str(rows)}, check=False).returncode
    found = [json.loads(line) for line in (rows.read_text("utf-8").splitlines() if rows.exists() else [])]
    table = matrix(row for row in found if "client" in row)
    wrapped = generations(row for row in found if "generation" in row)
    print(f"\n{table}\n{wrapped}")
    if code == 0:
        PAGE.write_text(HEAD + table + TAIL + wrapped, "utf-8")
        print(f"written to {PAGE.relative_to(ROOT)}")
    return code


def matrix(rows: Iterable[dict[str, object]]) -> str:
    """A table in Markdown of what was found; each row of the file is a part of what was found of one client."""
    found: dict[str, dict[str, object]] = {client.name: {} for client in CLIENTS}
    for row in rows:
        found[str(row["client"])] |= row
    fields = ("version", "calls", "ours", "theirs", "refused", "shown")
    lines = [COLUMNS, ("---",) * 2 + ("---:",) * 4 + ("---",)]
    lines += [(name, *(str(parts.get(field, "not run")) for field in fields)) for name, parts in found.items()]
    return _table(lines)


def generations(rows: Iterable[dict[str, object]]) -> str:
    """A table of the tests of wrapped clients, on each generation."""
    fields = ("openai", "openai_http", "anthropic", "anthropic_http", "passed", "skipped")
    lines = [OF_WRAPPED, ("---",) * 4 + ("---:",) * 2]
    return _table([*lines, *(tuple(str(row[field]) for field in fields) for row in rows)])


def _table(lines: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    sys.exit(main())
