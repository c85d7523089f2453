"""Names in free text: they go where they stand by themselves, in JSON too, and parts of other words stay."""

import pytest

from farthing.audit.words import longest_plain_part, replaced


def test_whole_words_go():
    text = "alice asked for alice@x and alice_7, not malice, alices or alice7"
    assert replaced(text, "alice", "P") == "P asked for P@x and P_7, not malice, alices or alice7"


@pytest.mark.parametrize(
    ("text", "name", "left"),
    [
        ('{"user":"a\\"b"}', 'a"b', '{"user":"P"}'),
        ('{"said":"one\\nalice\\tsays"}', "alice", '{"said":"one\\nP\\tsays"}'),
        ('["{\\"why\\":\\"a\\\\nbob\\"}"]', "bob", '["{\\"why\\":\\"a\\\\nP\\"}"]'),
        ('{"alice":1,"n":12345678901234567890}', "alice", '{"P":1,"n":12345678901234567890}'),
        ("{alice is no JSON", "alice", "{P is no JSON"),
        ("昨日田中さんが", "田中", "昨日Pさんが"),
        ("^(.*)$ or (.*)", "^(.*)$", "P or (.*)"),
    ],
)
def test_a_name_goes_however_it_is_written(text, name, left):
    assert replaced(text, name, "P") == left


def test_text_without_the_name_stays_as_it_is_written():
    text = '{ "a": 1.50, "b": "alicia" }'
    assert replaced(text, "alice", "P") == text


def test_longer_names_of_other_people_stay():
    assert replaced("alice smith and alice", "alice", "P", ("alice smith",)) == "alice smith and P"


def test_the_longest_part_is_the_same_in_json():
    assert longest_plain_part('x"alice\nb') == "alice"
    assert longest_plain_part('"\\\n') == ""
