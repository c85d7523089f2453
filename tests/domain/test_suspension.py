"""A suspension says whom, until when and why."""

from farthing.domain.suspension import Suspension


def test_it_is_over_at_its_moment_and_otherwise_lasts():
    until = Suspension(label="user", value="ann", until_ms=10)
    assert until.in_force(9)
    assert not until.in_force(10)
    assert Suspension(label="user", value="ann").in_force(10**15)


def test_its_message_names_who_and_why():
    told = Suspension(label="user", value="ann", by="root", why="a leak")
    assert told.message == "user ann is suspended by root: a leak"
    assert Suspension(label="key", value="k").message == "key k is suspended"
    assert told.subject == ("user", "ann")
