"""Names in free text: whole words go, parts of other words stay."""

from farthing.audit.words import replaced


def test_whole_words_go():
    assert (
        replaced("alice asked for alice@x, not malice or alices", "alice", "P")
        == "P asked for P@x, not malice or alices"
    )


def test_a_name_goes_as_json_writes_it():
    assert replaced('{"user":"a\\"b"}', 'a"b', "P") == '{"user":"P"}'
