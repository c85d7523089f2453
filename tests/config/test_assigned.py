"""Single settings by path: read as TOML or as text, put where the path leads, and refused by name where it leads nowhere."""

import pytest

from farthing.config.assigned import assign
from farthing.config.load import load_over
from farthing.config.problems import BadConfigs


def tables():
    return {"budgets": [{"name": "all", "limit": "5 USD"}, {"name": "each run"}], "output": {"default_cap": 9}}


@pytest.mark.parametrize(
    ("told", "path", "value"),
    [
        ("budgets.0.limit=7 USD", ("budgets", 0, "limit"), "7 USD"),
        ('budgets.0.limit="7 USD"', ("budgets", 0, "limit"), "7 USD"),
        ("budgets.each run.calls = 3", ("budgets", 1, "calls"), 3),
        ("output.default_cap=1_000", ("output", "default_cap"), 1_000),
        ("cache.exact.ttl=24h", ("cache", "exact", "ttl"), "24h"),
        ('cache.exact={ ttl = "1h" }', ("cache", "exact"), {"ttl": "1h"}),
        ("budgets=[]", ("budgets",), []),
        ("budgets.0={ name = 'b' }", ("budgets", 0), {"name": "b"}),
        ("output.x=1\ny=2", ("output", "x"), "1\ny=2"),
    ],
)
def test_a_value_is_put_where_its_path_leads(told, path, value):
    raw = tables()
    origins = assign(raw, [told], "--set")
    assert list(origins) == [path]
    at = raw
    for part in path:
        at = at[part]
    assert at == value
    assert type(at) is type(value)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("budgets.2.limit=1", "`budgets` has no `2`: it has 2 entries, 0 to 1 and all, each run by name"),
        ("budgets.none.limit=1", "`budgets` has no `none`"),
        ("budgets.0.limit.more=1", "`budgets[0].limit` is a value: there is no `more` in it"),
        ("output.default_cap", "must be a path and a value"),
        ("output..default_cap=1", "must be a path and a value"),
        ("=1", "must be a path and a value"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(told, said):
    with pytest.raises(BadConfigs) as raised:
        assign(tables(), [told, "output.default_cap=1"], "--set")
    assert said in str(raised.value)
    assert f"--set {told}" in str(raised.value)


def test_every_path_that_leads_nowhere_is_told_at_once():
    with pytest.raises(BadConfigs) as raised:
        assign(tables(), ["budgets.7=1", "budgets.8=1"], "--set")
    assert len(raised.value.problems) == 2


def test_a_setting_that_is_wrong_is_named_as_the_one_that_was_set(tmp_path):
    base = tmp_path / "farthing.toml"
    base.write_text('[[budgets]]\nname = "all"\nlimit = "5 USD"\n')
    with pytest.raises(BadConfigs, match=r"--set budgets\.0\.limit: budgets\[0\]\.limit: "):
        load_over(base, None, {}, ["budgets.0.limit=much"])
    with pytest.raises(BadConfigs, match=r"--set budgets\.0\.limt: budgets\[0\]\.limt: .*limit"):
        load_over(base, None, {}, ["budgets.0.limt=5 USD"])
    assert load_over(base, None, {}, ["budgets.0.calls=3"]).budgets[0].calls == 3
