"""Mistakes and doubts in `[guard]` and `[[limits]]`."""

import pytest

from farthing.domain.errors import BadConfig
from support.configs import load_text

KEY = '[[keys]]\nname = "bot"\nsecret = "a-secret-of-sixteen-letters"\n'


def warnings(folder, text):
    return [str(each) for each in load_text(folder, text).warnings]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[guard]\nsame_call = 1\n", "must be 2 or more"),
        ('[[limits]]\nmatch = { user = "*" }\n', "limits nothing"),
        ("[[limits]]\nrequests = 1\n[[limits]]\ntokens = 5\n", "put them together"),
        ('[guard]\ncost = "1 EUR"\n[currencies.EUR]\nrates = { "2026-11-01" = 1.08 }\n', "must be in USD"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, text, says):
    with pytest.raises(BadConfig, match=says):
        load_text(tmp_path, text)


def test_counters_that_only_a_run_ends_are_doubted_where_callers_cannot_name_one(tmp_path):
    assert any("cannot name a run" in each for each in warnings(tmp_path, KEY + "[guard]\nminutes = 60\n"))
    named = KEY + 'may_set = ["run"]\n[guard]\nminutes = 60\n'
    assert not any("cannot name a run" in each for each in warnings(tmp_path, named))
    assert not any("cannot name a run" in each for each in warnings(tmp_path, KEY + "[guard]\nsame_call = 3\n"))
    assert not any(
        "cannot name a run" in each for each in warnings(tmp_path, KEY + '[guard]\nminutes = 6\ndo = "alert"\n')
    )


def test_a_limit_that_callers_can_avoid_is_doubted(tmp_path):
    limit = '[[limits]]\nmatch = { user = "*" }\nrequests = 5\n'
    free = KEY + 'may_set = ["user"]\n'
    assert any("avoid it by leaving out user" in each for each in warnings(tmp_path, free + limit))
    assert not any("avoid it" in each for each in warnings(tmp_path, free + 'require = ["user"]\n' + limit))
    assert not any("avoid it" in each for each in warnings(tmp_path, KEY + 'labels = { user = "u" }\n' + limit))
