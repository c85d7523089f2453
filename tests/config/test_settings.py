"""The schema: the contract's own example is accepted, everything is frozen, and what is not active is said."""

from typing import get_args

import msgspec
import pytest

from farthing.config import settings
from farthing.config.reader import unwrap
from farthing.domain.budget import Unit
from support.configs import load_text, warnings

EXAMPLE = """\
[store]
url = "sqlite:///farthing.db"
[providers.openai]
format   = "openai"
base_url = "https://api.openai.com/v1"
api_key  = "env:OPENAI_API_KEY"
models   = ["gpt-*", "o*"]
[tiers]
small    = ["gpt-4o-mini", "claude-haiku-4-5"]
frontier = ["claude-opus-4-6"]
[[budgets]]
name   = "support, monthly"
match  = { team = "support" }
limit  = "500 USD"
window = "month"
soft   = [ { at = 0.8, do = ["alert", "downgrade"] }, { at = 0.95, do = ["land"] } ]
hard   = "block"
each   = "user"
[[limits]]
match = { user = "*" }
requests = 60
tokens = 100_000
concurrency = 10
per = "minute"
[[keys]]
name   = "support bot"
secret = "env:BOT_KEY"
labels = { team = "support", agent = "bot" }
may_set = ["user", "run", "step"]
[[routes]]
when = { step = ["classify", "extract"] }
use  = "small"
[[routes]]
use  = ["small", "frontier"]
check = "json_schema"
[cache]
exact = { ttl = "24h" }
near  = { ttl = "24h", max_error = 0.02 }
tools = { ttl = "5m" }
[prefix]
plan = "auto"
[context]
plan = "auto"
keep_turns = 10
[output]
default_cap = 8192
[guard]
same_call = 3
tool_calls = 200
minutes = 60
idle_after = "15m"
poll = ["get_status"]
[[alerts]]
when = "budget > 80%"
to   = ["log", "env:ALERT_URL"]
[[prices]]
model = "my-model"
input = 0.5
output = 1.5
[currencies.EUR]
rates = { "2026-11-01" = 1.08 }
"""


def test_the_whole_example_of_the_documentation_is_accepted(tmp_path):
    found = load_text(
        tmp_path, EXAMPLE, {"OPENAI_API_KEY": "sk-x", "BOT_KEY": "b" * 32, "ALERT_URL": "https://a.example"}
    )
    (budget,) = found.budgets
    assert (budget.limit, budget.window, budget.soft[1].at_millionths, budget.soft[0].do) == (
        (Unit.USD, 500 * 10**9),
        "month",
        950_000,
        ("alert", "downgrade"),
    )
    assert found.routes[1].use == ("small", "frontier")
    assert (found.cache.near.ttl_seconds, found.cache.near.max_error) == (86_400.0, 0.02)
    assert found.guard.idle_after_seconds == 900.0
    assert found.limits[0].match == (("user", "*"),)
    assert found.tiers["frontier"] == ("claude-opus-4-6",)


def test_everything_in_the_example_that_nothing_acts_on_yet_is_said(tmp_path):
    found = load_text(
        tmp_path, EXAMPLE, {"OPENAI_API_KEY": "sk-x", "BOT_KEY": "b" * 32, "ALERT_URL": "https://a.example"}
    )
    said = [line.split(": ")[1] for line in warnings(found) if "not active in this version" in line]
    assert said == ["routes", "cache", "prefix", "context"]


def test_no_setting_can_be_changed_after_it_was_read(tmp_path):
    found = load_text(tmp_path, EXAMPLE.replace("env:ALERT_URL", "log"))
    with pytest.raises(AttributeError):
        found.gateway = settings.Gateway()
    with pytest.raises(AttributeError):
        found.gateway.port = 1


def test_every_table_is_frozen_and_every_list_a_tuple():
    def walk(kind):
        assert kind.__struct_config__.frozen, kind
        for field in msgspec.structs.fields(kind):
            _, inner = unwrap(field.type)
            assert inner is not list, (kind, field.name)
            for part in (inner, *get_args(inner)):
                if isinstance(part, type) and issubclass(part, msgspec.Struct):
                    walk(part)

    walk(settings.Settings)


def test_no_two_settings_of_a_table_share_a_name_in_the_file():
    tables = [kind for kind in vars(settings).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    assert len(tables) > 15
    for table in tables:
        names = [field.encode_name for field in msgspec.structs.fields(table)]
        assert len(set(names)) == len(names)
