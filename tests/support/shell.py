"""Commands as people run them: in this process for speed, or as a process of their own where signals and exits matter."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from farthing.cli.main import main

BARE = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "NO_COLOR": "1", "TZ": "UTC"}
"""An environment without anybody's keys."""


def invoke(*words: object, env: dict[str, str] | None = None, code: int = 0) -> Result:
    """Run in this process and expect this exit code. Only the variables that are named are there."""
    cleared = {name: None for name in os.environ if name.startswith(("FARTHING_", "OPENAI_", "ANTHROPIC_"))}
    runner = CliRunner(env={**cleared, "NO_COLOR": "1", **(env or {})})
    result = runner.invoke(main, [str(word) for word in words])
    assert result.exit_code == code, f"exit {result.exit_code}: {result.output}"
    assert "Traceback" not in result.output
    return result


def asked_json(*words: object, env: dict[str, str] | None = None, code: int = 0) -> Any:
    """What a command prints with --json."""
    return json.loads(invoke(*words, "--json", env=env, code=code).stdout)


def command(*words: object, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run as a process of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "farthing.cli", *map(str, words)],
        cwd=cwd,
        env=BARE | (env or {}),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def started(*words: object, cwd: Path, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start as a process of its own; whoever starts it ends it."""
    return subprocess.Popen(
        [sys.executable, "-m", "farthing.cli", *map(str, words)],
        cwd=cwd,
        env=BARE | {"PYTHONUNBUFFERED": "1"} | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
