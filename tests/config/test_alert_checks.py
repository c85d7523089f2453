"""Rules that can never say anything are refused where the file shows it, and warned of where the store may differ."""

import pytest

from support.configs import load_text, problems, warnings

BUDGETS = """[[budgets]]
name = "in all"
limit = "1 USD"
[[budgets]]
name = "each day"
limit = "1 USD"
window = "day"
[[budgets]]
name = "single calls"
per_call = "1 USD"
"""
PROVIDER = '[providers.openai]\nformat = "openai"\napi_key = "env:OPENAI_API_KEY"\n'


def rule(when, before=BUDGETS):
    return f"{PROVIDER}{before}[[alerts]]\nwhen = '{when}'\n"


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ('burn_rate "in all" > 100%', "no window of an hour, day, week or month is limited"),
        ('budget "single calls" > 80%', "no budget 'single calls' limits anything"),
    ],
)
def test_a_budget_of_the_file_that_cannot_cross_is_a_mistake(tmp_path, when, says):
    (found,) = problems(tmp_path, rule(when))
    assert found.startswith(f"farthing.toml:15: alerts[0].when: can never fire: {says}")


@pytest.mark.parametrize(
    ("when", "before", "says"),
    [
        (
            'budget "each dya" > 80%',
            BUDGETS,
            "no budget 'each dya' limits anything in this file; did you mean `each day`?",
        ),
        ('budget "quite other" > 80%', BUDGETS, "in this file; a budget of the store may"),
        ("budget > 80%", "", "no budget limits anything in this file; a budget of the store may"),
    ],
)
def test_a_budget_that_only_the_store_can_have_is_warned_of(tmp_path, when, before, says):
    said = [warning for warning in warnings(load_text(tmp_path, rule(when, before))) if "alerts" in warning]
    assert len(said) == 1
    assert f"alerts[0].when: stays silent: {says}" in said[0] or said[0].endswith(says)


@pytest.mark.parametrize(
    "when", ["budget > 80%", "burn_rate > 100%", 'budget "each day" > 80%', "user_hour > 5 USD", "loop"]
)
def test_a_rule_that_can_fire_is_fine(tmp_path, when):
    assert not [warning for warning in warnings(load_text(tmp_path, rule(when))) if "alerts" in warning]


def test_an_address_that_is_written_out_with_its_secret_is_warned_of(tmp_path):
    text = rule("loop") + 'to = ["slack://T0K3NA/T0K3NB/T0K3NC", "https://hooks.example.com/x"]\n'
    (said,) = (warning for warning in warnings(load_text(tmp_path, text)) if "alerts" in warning)
    assert "alerts[0].to: an address with its secret is written out" in said
    assert "T0K3N" not in said
    settings = load_text(
        tmp_path, rule("loop") + 'to = ["env:CHAT"]\n', {"CHAT": "slack://a/b/c", "OPENAI_API_KEY": "x"}
    )
    assert not [warning for warning in warnings(settings) if "alerts" in warning]
