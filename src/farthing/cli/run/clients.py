"""What known programs need beside a base URL to be under a run's budget, and to cost through it what they cost without it.

Measured on Claude Code 2.1.197 and Codex 0.169.0; `make test-clients` measures it again on those it installs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from farthing.config.environment import DEFAULT_URLS

CODEX, CLAUDE = "codex", "claude"
_PACKAGES = {"@openai/codex": CODEX, "@anthropic-ai/claude-code": CLAUDE}
_LAUNCHERS = frozenset(("bunx", "env", "nice", "node", "npx", "pnpm", "pnpx", "time", "timeout", "yarn"))
_MOST_WORDS = 6
"""As far as a program may stand behind its launcher: `timeout 60 npx -y @openai/codex`."""

SMALL_MODEL = "claude-haiku-4-5"
"""What Claude Code uses for titles and small searches. Where its base URL is not Anthropic's own it takes its main model,
which costs five times as much."""
AS_DIRECT = {"ENABLE_TOOL_SEARCH": "true", "ANTHROPIC_DEFAULT_HAIKU_MODEL": SMALL_MODEL}
"""What Claude Code leaves off where its base URL is not Anthropic's own. Without tool search the definition of every tool
is in each prompt: 19,932 tokens for a first question, in place of 11,290."""


class Program(msgspec.Struct, frozen=True):
    """A known program in a command line."""

    name: str
    at: int
    """Which word it is."""


def known_program(command: Sequence[str]) -> Program | None:
    """Codex or Claude Code, started by itself or by a launcher; None for every other command."""
    for at, word in enumerate(command[:_MOST_WORDS]):
        name = _name_of(word)
        if name is not None:
            return Program(name, at)
        if at == 0 and Path(word).name not in _LAUNCHERS:
            return None
    return None


def as_direct(outer: Mapping[str, str]) -> dict[str, str]:
    """Variables that make Claude Code behave as it would without us; nothing where it would not reach Anthropic then, and
    nothing that the caller has set."""
    base = outer.get("ANTHROPIC_BASE_URL") or DEFAULT_URLS["anthropic"]
    if urlsplit(base).hostname != urlsplit(DEFAULT_URLS["anthropic"]).hostname:
        return {}
    return {name: value for name, value in AS_DIRECT.items() if name not in outer}


def led(command: Sequence[str], url: str, *, limited: bool) -> tuple[str, ...]:
    """The command with what leads it to `url` (scheme, host and port). Codex takes addresses from its options only, and a
    tool of its own, web search, has no limit, which a hard budget refuses: it is switched off where there is a budget.
    What the command says of these itself stands."""
    program = known_program(command)
    if program is None or program.name != CODEX:
        return tuple(command)
    said = " ".join(command)
    options: list[str] = []
    if "openai_base_url" not in said and "model_provider" not in said:
        options += ["-c", f'openai_base_url="{url}/v1"']
    if limited and "web_search" not in said:
        options += ["-c", 'web_search="disabled"']
    return (*command[: program.at + 1], *options, *command[program.at + 1 :])


def deaf(command: Sequence[str]) -> str:
    """What to say of a Codex inside a script, which reads no variable of ours; "" where there is none."""
    said = " ".join(command)
    if known_program(command) is not None or "codex " not in said or "openai_base_url" in said:
        return ""
    return (
        "codex does not read OPENAI_BASE_URL and goes past this budget; start it as "
        """codex -c openai_base_url="\\"$OPENAI_BASE_URL\\"" …"""
    )


def own_login(command: Sequence[str], held: Sequence[str]) -> str:
    """The program that brings a credential of its own, because we hold no key of its provider; "" for none."""
    program = known_program(command)
    needs = {CODEX: "openai", CLAUDE: "anthropic"}
    return program.name if program is not None and needs[program.name] not in held else ""


def _name_of(word: str) -> str | None:
    for package, name in _PACKAGES.items():
        if word == package or word.startswith(f"{package}@"):
            return name
    stem = Path(word).name.removesuffix(".js").removesuffix(".exe")
    return stem if stem in (CODEX, CLAUDE) else None
