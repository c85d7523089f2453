"""Content in memory is bounded."""

from farthing.ports.content import Content
from farthing.stores.memory.content import MemoryContents


def test_beyond_its_bound_the_oldest_go_first():
    contents = MemoryContents(keep=2)
    contents.put(tuple(Content(call=number, at_ms=number, request="", answer="") for number in (1, 2, 3)))
    assert contents.of(1) is None
    assert contents.of(3) is not None
