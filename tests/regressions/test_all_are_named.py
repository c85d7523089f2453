"""R01 to R70 are all here: each has a test by its number, or the table says why it cannot happen to one node."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
TABLE = Path(__file__).parent / "README.md"
NUMBERS = range(1, 71)
_NAMED = re.compile(r"(?<=_)r(\d\d)(?=_)")
_ROW = re.compile(r"^\| R(\d\d) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_DOES_NOT_APPLY = "does not apply: "


def numbers_tested(path):
    """The numbers in the names of a file's test functions."""
    functions = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))
    return {int(number) for each in functions if each.name.startswith("test_") for number in _NAMED.findall(each.name)}


TESTED = {path: numbers_tested(path) for path in sorted(TESTS.rglob("test_*.py"))}
ROWS = {int(number): (mechanism.strip(), where.strip()) for number, mechanism, where in _ROW.findall(TABLE.read_text())}


def test_the_table_has_seventy_rows_in_order():
    assert list(ROWS) == list(NUMBERS)
    assert all(mechanism for mechanism, _ in ROWS.values())


@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_has_its_test_where_the_table_says(number):
    _, where = ROWS[number]
    if where.startswith(_DOES_NOT_APPLY):
        assert len(where) > len(_DOES_NOT_APPLY)
        assert not any(number in tested for tested in TESTED.values()), "it is tested after all: name the file"
        return
    named = re.findall(r"`([^`]+)`", where)
    assert named
    for file in named:
        assert number in TESTED.get(TESTS / file, ()), f"{file} has no test named after R{number:02}"


@pytest.mark.parametrize("group", sorted(Path(__file__).parent.glob("test_?_*.py")), ids=lambda path: path.stem)
def test_a_test_says_whose_bug_it_was(group):
    """The first test of each number has a line of prose; those after it may leave it to the first."""
    seen = set()
    for node in ast.parse(group.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_r"):
            number = node.name[5:8]
            assert number in seen or ast.get_docstring(node), f"{node.name} does not say where it comes from"
            seen.add(number)
