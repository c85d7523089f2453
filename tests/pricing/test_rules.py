"""Match rules: any part suffices, groups want all, and an empty rule is never true."""

import pytest

from farthing.pricing.rules import Rule, with_dashed_date


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        (Rule(equals=("gpt-4o",)), ["gpt-4o"], ["gpt-4o-mini", "xgpt-4o", ""]),
        (Rule(starts_with=("gpt-4o", "o1-")), ["gpt-4o-mini", "o1-pro"], ["o1", "a-gpt-4o"]),
        (Rule(ends_with=(":free",)), ["a:free"], ["a:freedom"]),
        (Rule(contains=("claude",)), ["us.claude-3"], ["claud"]),
        (Rule(regex=(r"^o[134]",)), ["o3"], ["o2", "no1"]),
        (Rule(all=((Rule(contains=("a",)), Rule(contains=("b",))),)), ["ab", "ba"], ["a", "b"]),
        (Rule(equals=("x",), all=((Rule(contains=("a",)), Rule(contains=("b",))),)), ["x", "ab"], ["a"]),
        (Rule(), [], ["", "anything"]),
    ],
)
def test_a_rule_is_true_where_any_of_its_parts_is(rule, yes, no):
    assert all(rule.matches(name) for name in yes)
    assert not any(rule.matches(name) for name in no)


@pytest.mark.parametrize(
    ("compact", "dashed"),
    [
        ("gpt-5.2-20251211", "gpt-5.2-2025-12-11"),
        ("a-20251211:free", "a-2025-12-11:free"),
        ("a-20251311", "a-20251311"),
        ("a-2025121", "a-2025121"),
        ("a-20251211b", "a-20251211b"),
    ],
)
def test_a_compact_date_is_written_with_dashes(compact, dashed):
    assert with_dashed_date(compact) == dashed
