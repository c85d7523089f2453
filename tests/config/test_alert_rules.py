"""Which rules hold, and who is told."""

from farthing.config.alert_rules import ALWAYS, said_rules, targets_of, watched_of
from farthing.config.convert import budgets_of
from farthing.config.settings import File
from farthing.notify.address import LOG
from support.configs import load_text

SOFT = """
[[budgets]]
name = "all"
limit = "1 USD"
soft = [{ at = 0.8, do = ["alert", "shorten"] }, { at = 0.9, do = ["land"] }]
"""
HOOK = "https://hooks.example.com/x"
PAGER = "https://pager.example.com/y"
TWO = f"""
[[alerts]]
when = "burn_rate > 100%"
to = ["{HOOK}"]
[[alerts]]
when = "loop"
to = ["{PAGER}", "log"]
"""


def told(watched):
    return {one.rule.text: [address.label for address in one.to] for one in watched}


def test_without_a_rule_what_stops_somebodys_work_is_told_to_the_log():
    assert told(watched_of(File(), ())) == {event: ["log"] for event in ALWAYS}
    assert targets_of(File()) == (LOG,)
    assert said_rules(File(), ()) == ()


def test_a_rule_without_addresses_is_told_to_the_log(tmp_path):
    settings = load_text(tmp_path, '[[alerts]]\nwhen = "budget > 80%"')
    assert told(said_rules(settings, ())) == {"budget > 80%": ["log"]}


def test_a_soft_threshold_is_told_to_everybody_whom_a_rule_names(tmp_path):
    settings = load_text(tmp_path, SOFT + TWO)
    assert told(said_rules(settings, budgets_of(settings))) == {
        "burn_rate > 100%": ["https://hooks.example.com"],
        "loop": ["https://pager.example.com", "log"],
        'budget "all" >= 80%': ["https://hooks.example.com", "https://pager.example.com", "log"],
    }
    assert {target.address.label for target in targets_of(settings)} == {
        "log",
        "https://hooks.example.com",
        "https://pager.example.com",
    }


def test_a_soft_threshold_alone_is_told_to_the_log(tmp_path):
    settings = load_text(tmp_path, SOFT)
    assert told(said_rules(settings, budgets_of(settings))) == {'budget "all" >= 80%': ["log"]}


def test_a_rule_of_the_file_takes_the_place_of_what_is_always_told(tmp_path):
    settings = load_text(tmp_path, TWO)
    assert told(watched_of(settings, ()))["loop"] == ["https://pager.example.com", "log"]
    assert sum(one.rule.event == "loop" for one in watched_of(settings, ())) == 1
