"""The reference is complete and right: every setting with its default, every command, header, code and exit code."""

import ast
import inspect
import re
import tomllib
from decimal import Decimal
from pathlib import Path

import click
import msgspec
import pytest

from farthing.cli import commands as exits
from farthing.cli.main import main
from farthing.config import admin_settings, billing_settings, settings, telemetry_settings
from farthing.config.reader import Reader, unwrap
from farthing.config.values import Later, Surroundings
from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.refusal import Refusal
from farthing.pricing.contract import PRICES
from farthing.wire.figures import figures
from support.pages import DOCS, ROOT, rows

REFERENCE = DOCS / "reference"
CONFIGURATION = REFERENCE / "configuration.md"
SOURCE = ROOT / "src" / "farthing"

SECTIONS = {
    "`[store]`": settings.Store,
    "`[providers.NAME]`": settings.Provider,
    "`[[budgets]]`": settings.Budget,
    "`soft`": settings.SoftStep,
    "`[currencies.*]`": settings.Currency,
    "`[[keys]]`": settings.Key,
    "`[output]`": settings.Output,
    "`[gateway]`": settings.Gateway,
    "`[telemetry]`": settings.Telemetry,
    "`[record]`": settings.Record,
    "`[record.retention]`": settings.Retention,
    "`[audit]`": settings.Audit,
    "`[admin]`": settings.Admin,
    "`[[limits]]`": settings.Limit,
    "`[[routes]]`": settings.Route,
    "`[cache]`": settings.Cache,
    "`exact`, `near`, `tools`": settings.CacheRule,
    "`[prefix]`": settings.Prefix,
    "`[context]`": settings.Context,
    "`[guard]`": settings.Guard,
    "`[[alerts]]`": settings.Alert,
    "`[billing]`": billing_settings.Billing,
    "`shared`": billing_settings.SharedCosts,
}
NEEDED = {
    "name": "a name",
    "secret": "x" * 32,
    "format": "openai",
    "use": "small",
    "when": "budget > 80%",
    "at": 1,
    "do": ["land"],
    "rates": {"2026-11-01": Decimal("1.08")},
}
EMPTY = (None, (), "", {})
NOT_WRITTEN = {settings.Provider: {"name"}, settings.Currency: {"code"}}
"""Settings that are not written as one: the name of a provider, or the code of a currency, is that of its table."""


def shown(heading):
    """The rows under a heading, by setting: (default, meaning)."""
    return {row[0].strip("`"): (row[1], row[2]) for row in rows(CONFIGURATION, heading)}


def read(struct, raw):
    reader = Reader(Surroundings({}, Path()))
    named = dict.fromkeys(NOT_WRITTEN.get(struct, ()), "x")
    made = reader.table(struct, raw, (), **named)
    assert not reader.problems, [str(problem) for problem in reader.problems]
    return made


def is_empty(field):
    """Whether a setting says nothing unless it is set."""
    return field.default_factory is dict or field.default in EMPTY


def test_every_table_of_the_schema_has_its_section():
    modules = (settings, admin_settings, billing_settings, telemetry_settings)
    classes = (each for module in modules for _, each in inspect.getmembers(module, inspect.isclass))
    structs = {each for each in classes if issubclass(each, msgspec.Struct)}
    ours = {each for each in structs if each.__module__ in {module.__name__ for module in modules}}
    assert set(SECTIONS.values()) == ours - {settings.File, settings.Settings}
    text = CONFIGURATION.read_text()
    for field in msgspec.structs.fields(settings.File):
        assert re.search(rf"`\[\[?{field.encode_name}[\].]", text), field.encode_name


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_setting_is_there_with_its_default(heading):
    struct = SECTIONS[heading]
    fields = {f.encode_name: f for f in msgspec.structs.fields(struct) if f.name not in NOT_WRITTEN.get(struct, ())}
    table = shown(heading)
    assert set(table) == set(fields)
    needed = {name: NEEDED[name] for name, field in fields.items() if field.required}
    written = dict(needed)
    for name, field in fields.items():
        default = table[name][0]
        if default not in ("–", "required"):
            written[name] = tomllib.loads(f"x = {default.strip('`')}", parse_float=Decimal)["x"]
        assert (default == "required") == field.required, name
        assert (default == "–") == is_empty(field), name
    assert read(struct, written) == read(struct, needed)


@pytest.mark.parametrize("heading", SECTIONS)
def test_settings_that_nothing_acts_on_are_said_to_be_so(heading):
    for field in msgspec.structs.fields(SECTIONS[heading]):
        marks, _ = unwrap(field.type)
        if any(isinstance(mark, Later) for mark in marks):
            assert shown(heading)[field.encode_name][1].startswith("*Not active*"), field.encode_name


def test_every_field_of_a_price_is_there():
    assert set(shown("`[[prices]]`")) == {"model", "provider", "free", "tiers", "above", "inclusive", *PRICES}


def leaves(command, path=("farthing",)):
    """Every command that does something, as people type it."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from leaves(command.get_command(context, name), (*path, name))
    else:
        yield " ".join(path), command


@pytest.mark.parametrize(("typed", "command"), [pytest.param(*pair, id=pair[0]) for pair in leaves(main)])
def test_every_command_and_option_is_there(typed, command):
    text = (REFERENCE / "commands.md").read_text()
    found = re.search(rf"^### `{re.escape(typed)}[` ].*?(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"commands.md has no section for {typed}"
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert f"`{option.opts[0]}" in found[0], f"{typed}: {option.opts[0]}"


def test_every_exit_code_is_there():
    table = {int(row[0]) for row in rows(REFERENCE / "commands.md", "Exit codes")}
    assert {exits.OK, exits.FAILED, exits.USAGE, exits.UNAVAILABLE, exits.STOPPED, exits.BAD_CONFIG} <= table


def test_every_header_is_there():
    text = (REFERENCE / "headers.md").read_text()
    for path in SOURCE.rglob("*.py"):
        for header in re.findall(r"x-farthing-[a-z][a-z-]*[a-z]", path.read_text()):
            assert f"`{header}`" in text, f"{path.name}: {header}"


def codes():
    """Every error code that is written in the sources of what answers over HTTP."""
    found = set()
    for folder in ("accounts", "budget", "call", "gateway", "wire"):
        for path in (SOURCE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                    found.add(node.value.value)
    return sorted(found - {"", "client_left"})  # client_left: nobody is there to be told


def test_every_field_of_a_refusal_is_there():
    account = AccountKey("a", "", Unit.USD, "lifetime")
    standing = Standing(account=account, limit=1, posted=1, held=0, unknown=0)
    refusal = Refusal(
        code="budget_exceeded", message="", what_to_do="", standing=standing, field="model", approval="appr_1"
    )
    named = {
        name for row in rows(REFERENCE / "errors.md", "Fields of a refusal") for name in re.findall(r"`(\w+)`", row[0])
    }
    assert named == set(figures(refusal))


@pytest.mark.parametrize("code", codes())
def test_every_error_code_is_there(code):
    assert f"`{code}`" in (REFERENCE / "errors.md").read_text()
