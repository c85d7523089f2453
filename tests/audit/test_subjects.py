"""People: a commitment hides the name, and only names of people are hidden."""

from farthing.audit.subjects import ERASED, commitment, committed, forgotten_as


def test_a_commitment_needs_its_salt():
    assert commitment(b"a" * 16, "user", "alice") != commitment(b"b" * 16, "user", "alice")
    assert commitment(b"a" * 16, "user", "alice") != commitment(b"a" * 16, "user", "alicf")


def test_only_names_of_people_are_committed_to():
    labels = (("team", "a"), ("user", "alice"))
    assert committed(labels, lambda label, value: f"{label}!{value}".encode()) == [
        ("team", "a"),
        ("user", b"user!alice"),
    ]


def test_a_pseudonym_is_nothing_but_chance():
    assert forgotten_as(b"\0" * 8) == ERASED + "0" * 16
