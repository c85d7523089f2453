"""Gaps: budgets a caller can avoid and keys without limits are found, and only those."""

from farthing.budgets.avoid import avoidable
from farthing.domain.budget import Budget, Unit
from farthing.domain.key import Key


def budget(name: str = "b", **fields) -> Budget:
    return Budget(name=name, limits=((Unit.CALLS, 5),), **fields)


def key(name: str = "k", **fields) -> Key:
    return Key(id=name, name=name, digest="", **fields)


def gaps(budgets, keys) -> list[tuple[str, str]]:
    return [(gap.budget, gap.key) for gap in avoidable(tuple(budgets), tuple(keys))]


TEAM = (("team", "support"),)
ANY_USER = (("user", "*"),)


def test_a_budget_on_a_label_the_key_binds_cannot_be_avoided():
    assert gaps([budget(match=TEAM)], [key(labels=TEAM)]) == []


def test_a_budget_on_a_label_the_caller_may_set_can_be_avoided_even_if_it_is_required():
    for required in ((), ("team",)):
        assert gaps([budget(match=TEAM)], [key(may_set=("team",), require=required)]) == [("b", "k")]


def test_a_budget_on_any_value_can_be_avoided_by_leaving_the_label_out_unless_it_is_required():
    assert gaps([budget(match=ANY_USER)], [key(may_set=("user",))]) == [("b", "k")]
    assert gaps([budget(match=ANY_USER), budget("all")], [key(may_set=("user",), require=("user",))]) == []


def test_the_warning_says_how_it_is_avoided_and_how_to_mend_it():
    (gap,) = avoidable((budget(match=ANY_USER),), (key(may_set=("user",)),))
    assert "leave out `user`" in gap.message
    assert 'require = ["user"]' in gap.message
    (gap,) = avoidable((budget(match=TEAM),), (key(may_set=("team",)),))
    assert "leave out or change `team`" in gap.message


def test_a_label_bound_to_the_key_wins_over_may_set():
    assert gaps([budget(match=TEAM)], [key(labels=TEAM, may_set=("team",))]) == []


def test_a_key_of_another_team_is_no_gap_in_a_teams_budget_but_has_no_limit_of_its_own():
    other = key("other", labels=(("team", "sales"),))
    assert gaps([budget(match=TEAM)], [key(labels=TEAM), other]) == [("", "other")]


def test_a_budget_no_key_can_reach_limits_nothing():
    assert gaps([budget("typo", match=(("team", "suport"),)), budget("all")], [key(labels=TEAM)]) == [("typo", "")]


def test_a_caller_that_names_its_own_value_has_many_budgets_unless_one_bounds_them_together():
    per_user = budget(each="user")
    assert gaps([per_user], [key(may_set=("user",))]) == [("b", "k")]
    assert gaps([per_user, budget("all")], [key(may_set=("user",))]) == []
    assert gaps([per_user], [key(labels=(("user", "ann"),))]) == []
    assert gaps([budget(window="run")], [key(may_set=("run",))]) == [("b", "k")]
    assert gaps([budget(window="run")], [key()]) == []


def test_a_budget_that_only_counts_is_no_limit():
    assert gaps([budget(match=TEAM, hard="off")], [key(labels=TEAM)]) == [("", "k")]


def test_revoked_keys_and_keys_that_cannot_call_are_left_out():
    assert (
        gaps([budget(match=TEAM)], [key(labels=TEAM), key("admin", rights=("admin",)), key("old", revoked_ms=5)]) == []
    )


def test_without_keys_every_budget_on_a_label_can_be_avoided():
    assert gaps([budget(match=TEAM), budget("all"), budget("per user", each="user")], []) == [("b", "")]
