"""Sets of names."""

from farthing.testing.names import names


def test_a_line_of_words_is_a_set():
    assert names("model stream\n n") == {"model", "stream", "n"}
