"""Lines: every setting is found where it stands, however oddly the file is laid out."""

import tomllib
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.config.lines import line_numbers, nearest_line


def lines(text: str):
    text = dedent(text)
    tomllib.loads(text)  # or the test itself is wrong
    return line_numbers(text)


def test_plain_settings_and_tables():
    found = lines("""\
        top = 1

        [store]  # a comment
        url = "sqlite:///x.db"
        [providers.openai]
        format = "openai"
        """)
    assert found[("top",)] == 1
    assert found[("store",)] == 3
    assert found[("store", "url")] == 4
    assert found[("providers", "openai")] == 5
    assert found[("providers", "openai", "format")] == 6


def test_lists_of_tables_are_counted_and_their_own_tables_belong_to_the_last():
    found = lines("""\
        [[budgets]]
        name = "a"
        [[budgets]]
        name = "b"
        [budgets.match]
        team = "x"
        [[budgets.soft]]
        at = 0.5
        [[budgets.soft]]
        at = 0.8
        [[budgets]]
        [[budgets.soft]]
        at = 0.9
        """)
    assert [found["budgets", n] for n in range(3)] == [1, 3, 11]
    assert found["budgets", 1, "name"] == 4
    assert found["budgets", 1, "match", "team"] == 6
    assert found["budgets", 1, "soft", 1, "at"] == 10
    assert found["budgets", 2, "soft", 0, "at"] == 13


def test_inline_tables_and_lists_over_many_lines():
    found = lines(
        """\
        soft = [
            # first
            { at = 0.8, do = ["alert", "downgrade"] },

            { at = 0.95,
        """.rstrip()
        + " do = [\n'land' # yes\n, ] },\n]\nlast = {a={b=[1,[2,\n3]]}}\n"
    )
    assert found["soft", 0, "do", 1] == 3
    assert found["soft", 1, "at"] == 5
    assert found["soft", 1, "do", 0] == 6
    assert found["last", "a", "b", 1, 0] == 9
    assert found["last", "a", "b", 1, 1] == 10


def test_strings_that_look_like_tables_are_strings():
    found = lines('''\
        a = """
        [store]
        url = \\"""
        """"
        b = \'\'\'
        # no comment [[x]]
        \'\'\'
        c = "# [x] \\" ="
        d = 'C:\\'
        [real]
        e = 1
        ''')
    assert set(found) == {("a",), ("b",), ("c",), ("d",), ("real",), ("real", "e")}
    assert [found[key,] for key in "abcd"] == [1, 5, 8, 9]
    assert found["real", "e"] == 11


def test_keys_quoted_dotted_and_spaced():
    found = lines("""\
        "odd = key" . 'with.dot' . plain = 1
        [ "a b" . c ]
        "\\u00e9" = 2
        [[ x . "y" ]]
        z . w = 1979-05-27 07:32:00
        """)
    assert found["odd = key", "with.dot", "plain"] == 1
    assert found["a b", "c", "é"] == 3
    assert found["x", "y", 0, "z", "w"] == 5
    assert found["a b",] == 2, "a table that only its inner tables name stands where they do"


def test_windows_line_ends_and_no_line_end_at_the_end():
    found = line_numbers("[a]\r\nb = 1\r\n[[c]]\r\nd = true")
    assert (found["a", "b"], found["c", 0, "d"]) == (2, 4)


def test_an_empty_file_has_no_lines():
    assert lines("\n# only a comment") == {}


def test_what_is_not_written_stands_where_its_table_begins():
    found = lines("[[budgets]]\nname = 'a'\n\n[[budgets]]\nname = 'b'\n")
    assert nearest_line(found, ("budgets", 1, "limit")) == 4
    assert nearest_line(found, ("budgets", 1, "soft", 0, "at")) == 4
    assert nearest_line(found, ("store", "url")) == 0


def paths(value, path=()):
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


key = st.one_of(st.from_regex(r"[a-z]{1,4}", fullmatch=True), st.sampled_from(['"q k"', "'s.k'"]))
scalar = st.sampled_from(
    ["1", "-2.5e3", "true", '"a]}#,"', "'b\"'", '"""x\ny"""', "'''[z]\n'''", "0x1F", "2026-11-01T00:00:00Z", "inf"]
)
gap = st.sampled_from(["", " ", "\n", " # c ]\n", "\n\n"])
value = st.recursive(
    scalar,
    lambda inner: st.one_of(
        st.lists(st.tuples(gap, inner, gap), max_size=3).map(
            lambda items: f"[{','.join(''.join(item) for item in items)}]"
        ),
        st.lists(st.tuples(key, inner), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda pairs: "{" + ", ".join(f"{name} = {item}" for name, item in pairs) + "}"
        ),
    ),
    max_leaves=6,
)
statement = st.one_of(
    st.tuples(key, value).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    key.map(lambda name: f"[{name}]"),
    key.map(lambda name: f"[[{name}]]"),
    st.tuples(key, key).map(lambda names: f"[[ {names[0]} . {names[1]} ]] # c"),
)


@given(st.lists(statement, max_size=8), gap)
def test_exactly_the_paths_of_the_parsed_file_are_found_none_above_what_holds_it(statements, between):
    text = f"\n{between}".join(statements)
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = line_numbers(text)
    assert set(found) == set(paths(parsed))
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
    assert all(found[path[:-1]] <= line for path, line in found.items() if len(path) > 1)


@pytest.mark.parametrize("count", [2_000])
def test_a_long_file_is_read_whole(count):
    text = "".join(f"[[budgets]]\nname = '{n}'\n" for n in range(count))
    assert line_numbers(text)["budgets", count - 1, "name"] == 2 * count
