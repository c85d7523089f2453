"""Problems: one line each, with the place first, and all of them in one exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.config.problems import BadConfigs, Problem, dotted, undotted


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (Problem(("a", 0, "b"), "is bad", "x.toml", 5), "x.toml:5: a[0].b: is bad"),
        (Problem((), "is bad", "x.toml"), "x.toml: is bad"),
        (Problem(("a",), "is bad"), "a: is bad"),
    ],
)
def test_a_problem_is_one_line(problem, line):
    assert str(problem) == line


def test_all_problems_are_one_exception():
    problems = [Problem(("a", 1), "x", "f.toml", 3), Problem(("b",), "y", "f.toml", 9)]
    error = BadConfigs(problems)
    assert str(error) == "f.toml:3: a[1]: x\nf.toml:9: b: y"
    assert (error.file, error.line, error.field, error.problems) == ("f.toml", 3, "a[1]", tuple(problems))


def test_a_path_is_written_as_people_write_it():
    assert dotted(("budgets", 0, "soft", 1, "at")) == "budgets[0].soft[1].at"
    assert dotted(()) == ""


@given(st.lists(st.one_of(st.integers(0, 99), st.from_regex(r"[a-z_]{1,5}", fullmatch=True)), max_size=5))
def test_a_path_that_is_written_can_be_read_again(parts):
    assert undotted(dotted(tuple(parts))) == tuple(parts)
