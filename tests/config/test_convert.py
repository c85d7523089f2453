"""Conversion: the core's budgets and keys say exactly what the file says."""

from farthing.accounts.secrets import digest
from farthing.config.convert import budgets_of, keys_of, providers_of
from farthing.domain.budget import Budget, Unit
from farthing.domain.key import Key
from support.configs import load_text


def test_a_budget_of_the_file_is_a_budget_of_the_core(tmp_path):
    found = load_text(
        tmp_path,
        """\
        [[budgets]]
        name = "support, monthly"
        match = { team = "support", user = "*" }
        limit = "$1.5"
        tokens = 5_000_000
        input_tokens = 4
        output_tokens = 3
        calls = 0
        window = "month"
        tz = "Europe/Amsterdam"
        each = "user"
        floor = 16
        wait = "2s"
        unknown = "charge_seen"
        bound = "strict"
        [[budgets]]
        name = "plain"
        calls = 1
        [[budgets]]
        name = "watch"
        calls = 1
        hard = "off"
        """,
    )
    full, plain, watch = budgets_of(found)
    assert full == Budget(
        name="support, monthly",
        match=(("team", "support"), ("user", "*")),
        each="user",
        limits=(
            (Unit.USD, 1_500_000_000),
            (Unit.TOKENS, 5_000_000),
            (Unit.INPUT_TOKENS, 4),
            (Unit.OUTPUT_TOKENS, 3),
            (Unit.CALLS, 0),
        ),
        window="month",
        tz="Europe/Amsterdam",
        floor=16,
        wait_seconds=2.0,
        unknown="charge_seen",
        bound="strict",
    )
    assert plain == Budget(name="plain", limits=((Unit.CALLS, 1),))
    assert (watch.enforced, watch.unknown) == (False, "charge_seen")


def test_a_key_of_the_file_goes_on_as_its_digest(tmp_path):
    found = load_text(
        tmp_path,
        """\
        [[keys]]
        name = "support bot"
        secret = "env:BOT_KEY"
        labels = { team = "support", agent = "bot" }
        may_set = ["user", "run"]
        require = ["user", "team"]
        max_values = 5
        rights = ["call", "admin"]
        """,
    )
    assert keys_of(found) == (
        Key(
            id="support bot",
            name="support bot",
            digest=digest("b" * 32),
            labels=(("agent", "bot"), ("team", "support")),
            may_set=("user", "run"),
            require=("user", "team"),
            max_values=5,
            rights=("call", "admin"),
        ),
    )


def test_providers_keep_the_order_of_the_file(tmp_path):
    text = '[providers.g]\nformat = "gemini"\n[providers.o]\nformat = "openai"\n[providers.a]\nformat = "anthropic"\n'
    assert [provider.name for provider in providers_of(load_text(tmp_path, text))] == ["g", "o", "a"]
