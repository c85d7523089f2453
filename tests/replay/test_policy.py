"""Policies over a recorded configuration: tables replace tables, mistakes have their line, and what cannot be done is named."""

import pytest

from farthing.config.convert import budgets_of
from farthing.domain.errors import BadConfig
from farthing.replay.policy import NEEDS_CONTENT, NOT_BUILT, SIMPLIFIED, WHAT_IF, policy_from, remarks, same

BASE = '[tiers]\nsmall = ["gpt-4o-mini"]\n[[budgets]]\nname = "all"\nlimit = "5 USD"\n'


def read(folder, policy, base=BASE):
    below, above = folder / "farthing.toml", folder / "policy.toml"
    below.write_text(base)
    above.write_text(policy)
    return policy_from(below, above, {})


def test_only_what_the_policy_names_changes(tmp_path):
    then, now = read(tmp_path, '[[budgets]]\nname = "tight"\nlimit = "1 USD"\n')
    assert [budget.name for budget in now.budgets] == ["tight"]
    assert now.tiers == then.tiers
    assert [budget.name for budget in then.budgets] == ["all"]
    assert not same(now, then)


def test_an_empty_list_takes_everything_away(tmp_path):
    assert read(tmp_path, "budgets = []\n")[1].budgets == ()


def test_without_a_policy_it_is_the_recorded_one(tmp_path):
    file = tmp_path / "farthing.toml"
    file.write_text(BASE)
    then, now = policy_from(file, None, {})
    assert same(then, now)
    assert same(*read(tmp_path, BASE))


def test_a_mistake_is_found_where_it_is_written(tmp_path):
    with pytest.raises(BadConfig, match=r"policy\.toml:3: .*limit"):
        read(tmp_path, '[[budgets]]\nname = "b"\nlimit = "much"\n')
    with pytest.raises(BadConfig, match=r"farthing\.toml.*tiers"):
        read(tmp_path, "", base="tiers = 5\n")


@pytest.mark.parametrize(
    ("policy", "kind", "name"),
    [
        ("[guard]\n", NEEDS_CONTENT, "[guard] same_call"),
        ('[cache]\nnear = { ttl = "1h", max_error = 0.02 }\n', NEEDS_CONTENT, "[cache] near"),
        ('[cache]\ntools = { ttl = "5m" }\n', NEEDS_CONTENT, "[cache] tools"),
        ('[context]\nplan = "prune"\n', NEEDS_CONTENT, "[context] plan = 'prune'"),
        (
            '[[routes]]\nwhen = { step = ["a"] }\nuse = ["small"]\ncheck = "json_schema"\n',
            NEEDS_CONTENT,
            "[[routes]] 1 check",
        ),
        ('[cache]\nexact = { ttl = "24h" }\n', WHAT_IF, "[cache] exact"),
        ('[prefix]\nplan = "system"\n', WHAT_IF, "[prefix] plan = 'system'"),
        ('[prefix]\nttl = "1h"\n', WHAT_IF, "[prefix] plan = 'auto', ttl = '1h'"),
        ('[context]\nplan = "window"\n', WHAT_IF, "[context] plan = 'window', keep_turns = 10"),
        ('[[routes]]\nwhen = { step = ["a"] }\nuse = "small"\n', NOT_BUILT, "[[routes]]"),
        ('[[budgets]]\nname = "b"\nlimit = "1 USD"\nhard = "approve"\n', SIMPLIFIED, "approvals"),
        (
            '[[budgets]]\nname = "b"\nlimit = "1 USD"\nsoft = [{ at = 0.5, do = ["compress"] }]\n',
            NOT_BUILT,
            "soft: compress",
        ),
        ('[[budgets]]\nname = "b"\nlimit = "1 USD"\nsoft = [{ at = 0.5, do = ["hint"] }]\n', SIMPLIFIED, "soft: hint"),
        (
            '[[budgets]]\nname = "b"\nlimit = "1 USD"\nsoft = [{ at = 0.5, do = ["downgrade"] }]\n',
            SIMPLIFIED,
            "soft: downgrade",
        ),
    ],
)
def test_what_cannot_be_replayed_is_named(tmp_path, policy, kind, name):
    then, now = read(tmp_path, policy)
    assert (kind, name) in [(each.kind, each.name) for each in remarks(now, then, budgets_of(now))]


def test_nothing_is_said_of_a_policy_that_can_be_replayed_whole(tmp_path):
    then, _ = read(tmp_path, "")
    assert remarks(then, then, budgets_of(then)) == ()


LEVERS = '[cache]\nexact = { ttl = "24h" }\n[prefix]\nplan = "off"\n[context]\nplan = "window"\n'


def test_a_lever_that_the_recorded_configuration_has_too_changes_nothing(tmp_path):
    then, now = read(tmp_path, LEVERS, base=BASE + LEVERS)
    assert same(now, then)
    assert [each.kind for each in remarks(now, then, budgets_of(now))] == [NOT_BUILT] * 3
    assert not same(*read(tmp_path, '[context]\nplan = "window"\nkeep_turns = 3\n', base=BASE + LEVERS))


def test_single_settings_are_set_over_the_file_or_alone(tmp_path):
    below, above = tmp_path / "farthing.toml", tmp_path / "policy.toml"
    below.write_text(BASE)
    above.write_text("[output]\ndefault_cap = 9\n")
    then, now = policy_from(below, None, {}, assigned=["budgets.0.limit=7 USD", "output.default_cap = 11"])
    assert now.output.default_cap == 11
    assert now.budgets[0].limit != then.budgets[0].limit
    _, over = policy_from(below, above, {}, assigned=["budgets.all.limit=7 USD"])
    assert (over.budgets, over.output.default_cap) == (now.budgets, 9)
