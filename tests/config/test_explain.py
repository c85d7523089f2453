"""Explaining: the configuration comes back in words a person can check against what was meant."""

from farthing.config.explain import explain
from farthing.config.load import load
from support.configs import load_text

TEXT = """\
[providers.openai]
format = "openai"
api_key = "env:OPENAI_API_KEY"
models = ["gpt-*"]
[providers.local]
format = "openai"
base_url = "http://localhost:11434/v1"
[[budgets]]
name = "all"
limit = "$500"
calls = 10_000
window = "month"
tz = "Europe/Amsterdam"
[[budgets]]
name = "each run"
match = { team = "support", user = "*" }
tokens = 5_000_000
window = "run"
wait = "5s"
[[budgets]]
name = "watch"
calls = 1
hard = "off"
each = "user"
window = "rolling:24h"
[[keys]]
name = "bot"
secret = "env:BOT_KEY"
labels = { team = "support" }
may_set = ["user", "run"]
require = ["user"]
[[prices]]
model = "m"
input = 1
"""

REFUSED = "what does not fit waits up to {} s, then is refused"


def test_what_happens_near_a_limit_is_said_too(tmp_path):
    more = """
[[budgets]]
name = "careful"
limit = "5 USD"
per_call = "0.5 USD"
per_output = 900
soft = [{ at = 0.8, do = ["alert", "shorten"] }, { at = 0.955, do = ["land"] }]
hard = "approve"
approve_wait = "30s"
[[budgets]]
name = "single calls"
per_output = 1
"""
    said = explain(load_text(tmp_path, TEXT + more))
    assert (
        "careful: at most 5 USD in all, over all calls; one call costs at most 0.5 USD; one call says at most 900 output "
        "tokens; from 80 % alert and shorten; from 95.5 % land; what does not fit waits up to 20 s, then 30 s for "
        "somebody's approval, then is refused"
    ) in said
    assert "single calls: limits single calls, over all calls; one call says at most 1 output token;" in said


def test_a_configuration_is_said_back(tmp_path):
    said = explain(load_text(tmp_path, TEXT))
    for line in (
        f"settings from {tmp_path}/farthing.toml",
        "accounts and records in sqlite:///farthing.db",
        "listens on 127.0.0.1:4141",
        "1 price of your own",
        "openai: openai at https://api.openai.com/v1; takes gpt-*; key from env:OPENAI_API_KEY",
        "local: openai at http://localhost:11434/v1; takes any model asked in openai's format; passes on the caller's own key",
        f"all: at most 500 USD and 10,000 calls in each month (Europe/Amsterdam), over all calls; {REFUSED.format(20)}",
        f"each run: at most 5,000,000 tokens in each run, over calls with team=support, any user; {REFUSED.format(5)}",
        "watch: at most 1 call in any 24h for each user, over all calls; counted only, never refused",
        "bot: carries team=support; callers may set user, run and must give user; secret from env:BOT_KEY; may call",
    ):
        assert f"  {line}\n" in said


def test_alerts_are_said_back_with_those_that_soft_thresholds_make_and_no_address(tmp_path):
    more = """[[alerts]]
    when = "user_hour>5 USD"
    to = ["log", "env:HOOK"]
    [[budgets]]
    name = "soft"
    limit = "1 USD"
    soft = [{ at = 0.9, do = ["alert"] }]
    """
    environment = {"OPENAI_API_KEY": "sk", "BOT_KEY": "b" * 32, "HOOK": "https://hooks.example.com/T0K3N"}
    said = explain(load_text(tmp_path, TEXT + more, environment))
    assert "  user_hour > 5 USD: told to log, https://hooks.example.com (env:HOOK)\n" in said
    assert '  budget "soft" >= 90%: told to log, https://hooks.example.com (env:HOOK)\n' in said
    assert "T0K3N" not in said
    assert "none: what stops somebody's work is told to the log" in explain(load(None, {}))


def test_warnings_come_last_with_their_places(tmp_path):
    said = explain(load_text(tmp_path, TEXT + '[cache]\nexact = { ttl = "1h" }\n'))
    assert said.endswith("farthing.toml:35: cache: is not active in this version: no answer is cached\n")


def test_without_anything_it_says_what_that_means():
    said = explain(load(None, {}))
    assert "no file: settings from the environment and defaults" in said
    assert "none: every call will be refused" in said
    assert "none: spending is recorded and not limited" in said
    assert "none: callers on this machine need no key; others are refused" in said


def test_what_is_said_holds_no_secret(tmp_path):
    said = explain(load_text(tmp_path, TEXT, {"OPENAI_API_KEY": "sk-canary", "BOT_KEY": "canary" * 5}))
    assert "canary" not in said
