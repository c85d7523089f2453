"""`[record] content`: off unless asked for, taken up and given up while running."""

import pytest

from farthing.config.content import Texts, rules_of
from farthing.config.settings import Record, Settings, Store
from farthing.ports.content import Content
from farthing.stores.content_keeper import KeepRules
from support.configs import load_text, problems


def settings(**record):
    return Settings(store=Store(url="memory:"), record=Record(**record))


def test_without_being_asked_nothing_is_kept():
    assert rules_of(settings()) is None
    assert Texts(settings(), lambda: 0).keeper is None


def test_the_file_says_whose_how_much_and_how_long(tmp_path):
    text = """
[record]
content = "on"
content_match = { team = "x" }
content_bytes = "64 KiB"
content_for = "7d"
redact = ["PRJ-[0-9]+"]
"""
    found = rules_of(load_text(tmp_path, text))
    assert found == KeepRules(
        match=(("team", "x"),), text_bytes=65_536, for_ms=7 * 86_400_000, patterns=("PRJ-[0-9]+",)
    )


def test_it_is_turned_on_changed_and_off_while_running():
    texts = Texts(settings(), lambda: 0)
    texts.adopt(settings(content="on"))
    keeper = texts.keeper
    assert keeper is not None
    texts.adopt(settings(content="on", content_bytes=9))
    assert texts.keeper is keeper
    assert keeper.rules.text_bytes == 9
    texts.adopt(settings())
    assert texts.keeper is None
    texts.close()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('redact = ["("]', "no regular expression"),
        ('redact = "x"', "must be a list"),
        ('content = "yes"', "one of off, on"),
    ],
)
def test_a_mistake_is_named(tmp_path, line, said):
    (found,) = problems(tmp_path, f"[record]\n{line}\n")
    assert said in found


def test_what_is_too_old_goes_even_when_it_is_off():
    texts = Texts(settings(), lambda: 40 * 86_400_000)
    texts.contents.put(
        (
            Content(call=1, at_ms=9 * 86_400_000, request="", answer=""),
            Content(call=2, at_ms=11 * 86_400_000, request="", answer=""),
        )
    )
    texts.drop_old(settings())
    assert texts.contents.of(1) is None
    assert texts.contents.of(2) is not None
