"""Reading: structs come out, mistakes are noted with their paths in words, and neighbours are read all the same."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest

from farthing.config.reader import Reader, nearest, unwrap
from farthing.config.values import Later, Named, Positive, Read, Surroundings, positive


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    needed: str
    number: Positive = 1
    kind: Literal["a", "b"] = "a"
    kinds: tuple[Literal["a", "b"], ...] = ()
    words: tuple[str, ...] = ()
    yes: bool = False
    renamed_seconds: Annotated[int | None, Read(positive)] = msgspec.field(default=None, name="renamed")
    soon: Annotated[str | None, Later("nothing happens")] = None


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    named: Annotated[tuple[Leaf, ...], Named("needed")] = ()
    later: Annotated[tuple[Leaf, ...], Later("leaves are ignored")] = ()


def read(raw):
    reader = Reader(Surroundings({}, Path()))
    return reader.table(Tree, raw, ()), [str(one) for one in reader.problems], [str(one) for one in reader.warnings]


def test_tables_lists_of_tables_and_named_tables_become_structs():
    found, problems, warnings = read({
        "leaf": {"needed": "x", "renamed": 5, "kinds": ["b", "a"], "words": ["w"]},
        "leaves": [{"needed": "1"}, {"needed": "2", "kind": "b"}],
        "named": {"first": {"number": 3}, "second": {}},
    })  # fmt: skip
    assert (problems, warnings) == ([], [])
    assert found.leaf == Leaf(needed="x", renamed_seconds=5, kinds=("b", "a"), words=("w",))
    assert [leaf.needed for leaf in found.leaves] == ["1", "2"]
    assert [(leaf.needed, leaf.number) for leaf in found.named] == [("first", 3), ("second", 1)]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"leaf": {"needed": "x", "numbr": 1}}, "leaf.numbr: is not a setting; did you mean `number`?"),
        (
            {"leaf": {"needed": "x", "renamed_seconds": 1}},
            "leaf.renamed_seconds: is not a setting; did you mean `renamed`?",
        ),
        ({"zzz": 1}, "zzz: is not a setting; known here are later, leaf, leaves, named"),
        ({"leaf": {}}, "leaf: `needed` is missing"),
        ({"leaf": 5}, "leaf: must be a table"),
        ({"leaves": {}}, "leaves: must be a list of tables: write [[leaves]]"),
        ({"leaves": [{"needed": "a"}, 5]}, "leaves[1]: must be a table"),
        ({"named": 5}, "named: must be a table of tables"),
        ({"named": {"a": {"needed": "b"}}}, "named.a.needed: is not a setting"),
        ({"leaf": {"needed": 5}}, "leaf.needed: expected text in quotes, got a whole number"),
        ({"leaf": {"needed": "x", "yes": 1}}, "leaf.yes: expected true or false, got a whole number"),
        ({"leaf": {"needed": "x", "number": 0}}, "leaf.number: must be at least 1"),
        ({"leaf": {"needed": "x", "kind": "c"}}, "leaf.kind: 'c' is not possible; write one of a, b, in quotes"),
        ({"leaf": {"needed": "x", "kind": []}}, "leaf.kind: write one of a, b, in quotes"),
        ({"leaf": {"needed": "x", "kinds": ["a", "c"]}}, "leaf.kinds[1]: 'c' is not possible"),
        ({"leaf": {"needed": "x", "kinds": "a"}}, "leaf.kinds: expected a list, got text in quotes"),
        ({"leaf": {"needed": "x", "words": ["a", 5]}}, "leaf.words: expected text in quotes, got a whole number"),
    ],
)
def test_a_mistake_is_told_in_words_with_its_path(raw, problem):
    _, problems, _ = read(raw)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_a_mistake_hides_no_other():
    found, problems, _ = read(
        {"leaf": {"needed": 1, "number": 0, "x": 1}, "leaves": [{"kind": 5}], "named": {"a": {"yes": 1}}}
    )
    assert len(problems) == 6
    assert (found.leaf, found.leaves) == (None, ())
    assert found.named == (Leaf(needed="a"),)


def test_settings_for_later_are_read_and_warned_of_only_where_they_stand():
    found, problems, warnings = read(
        {"leaf": {"needed": "x", "soon": "a"}, "later": [{"needed": "y"}, {"needed": "z"}]}
    )
    assert (found.leaf.soon, [leaf.needed for leaf in found.later], problems) == ("a", ["y", "z"], [])
    assert warnings == [
        "leaf.soon: is not active in this version: nothing happens",
        "later: is not active in this version: leaves are ignored",
    ]
    assert read({"leaf": {"needed": "x"}})[2] == []
    assert read({"later": [{}]})[1] == ["later[0]: `needed` is missing"]


def test_marks_are_found_at_any_depth():
    later = Later("x")
    marks, kind = unwrap(Annotated[Positive | None, later])
    assert marks == [later, Read(positive)]
    assert kind is int


def test_only_a_word_that_looks_alike_is_suggested():
    assert nearest("windw", ["window", "wait"]) == "; did you mean `window`?"
    assert nearest("qqq", ["window", "wait"]) == ""
