"""What the environment adds: `FARTHING_<TABLE>_<SETTING>` over the file, and providers where no file names any."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from farthing.config.problems import Problem
from farthing.config.reader import is_table, nearest, unwrap
from farthing.config.settings import File

PREFIX = "FARTHING_"
NOT_SETTINGS = frozenset({"FARTHING_STORE", "FARTHING_RUN", "FARTHING_INSTALL", "FARTHING_CONFIG"})
"""Variables that mean something elsewhere: to the SDK, to child processes, to the installation."""

DEFAULT_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com",
}
VARIABLES = {
    "openai": (("OPENAI_API_KEY",), ("OPENAI_BASE_URL",)),
    "anthropic": (("ANTHROPIC_API_KEY",), ("ANTHROPIC_BASE_URL",)),
    "gemini": (("GOOGLE_API_KEY", "GEMINI_API_KEY"), ("GOOGLE_GEMINI_BASE_URL",)),
}
"""Where each maker's own clients look for a key and for an address; of several the first that is set."""
_NUMBER = re.compile(r"\d[\d_]*")
_TRUTHS = {"true": True, "false": False}

Raw = dict[str, object]


class Override(msgspec.Struct, frozen=True):
    """One value from outside the file, for one setting of one plain table."""

    table: str
    setting: str
    value: object
    origin: str


def overrides(environment: Mapping[str, str]) -> list[Override]:
    """Every `FARTHING_…` variable that is a setting, by name. Text that looks like a number or a truth becomes one."""
    known = dict(variables())
    return [
        Override(*known[name], _plain(value), f"environment variable {name}")
        for name, value in sorted(environment.items())
        if name in known
    ]


def misspelt(environment: Mapping[str, str], referred: frozenset[str]) -> list[Problem]:
    """A warning for each `FARTHING_…` variable that nothing reads; `referred` are those that settings name."""
    known = [name for name, _ in variables()]
    return [
        Problem((), f"is not a setting and is ignored{nearest(name, known)}", file=f"environment variable {name}")
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in (*known, *NOT_SETTINGS, *referred)
    ]


def variables() -> Iterator[tuple[str, tuple[str, str]]]:
    """The variable of every setting in a plain table: `FARTHING_GATEWAY_PORT` for `[gateway] port`."""
    for field in msgspec.structs.fields(File):
        _, kind = unwrap(field.type)
        if is_table(kind) and field.default is not None:
            for inner in msgspec.structs.fields(kind):
                table, setting = field.encode_name, inner.encode_name
                yield f"{PREFIX}{table}_{setting}".upper(), (table, setting)


def providers(environment: Mapping[str, str]) -> Raw:
    """`[providers]` as the variables of the providers' own clients describe them."""
    found: Raw = {}
    for format_ in DEFAULT_URLS:
        key, url = variables_of(format_, environment)
        if environment.get(key) or environment.get(url):
            named = {"api_key": key, "base_url": url}
            given = {setting: f"env:{name}" for setting, name in named.items() if environment.get(name)}
            found[format_] = {"format": format_, **given}
    return found


def variables_of(format_: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """The variables of a format's key and of its address: those that are set, else those that its clients read last."""
    keys, urls = VARIABLES[format_]
    key = next((name for name in keys if environment.get(name)), keys[-1])
    return key, next((name for name in urls if environment.get(name)), urls[-1])


def _plain(text: str) -> object:
    return int(text) if _NUMBER.fullmatch(text) else _TRUTHS.get(text, text)
