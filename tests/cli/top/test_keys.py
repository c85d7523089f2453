"""Keys: one at a time, none where there is no terminal."""

import os

from farthing.cli.top.keys import GONE, Keys


def test_keys_come_one_at_a_time_in_lower_case():
    reading, writing = os.pipe()
    os.write(writing, b"Sq")
    pressed = Keys(reading)
    assert [pressed.wait(1), pressed.wait(1), pressed.wait(0)] == ["s", "q", ""]
    os.close(writing)
    assert pressed.wait(1) == GONE
    os.close(reading)


def test_without_a_terminal_it_only_waits():
    assert Keys(None).wait(0) == ""
