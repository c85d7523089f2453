"""Pseudonyms: the same person of the same tenant has the same one, and nobody else."""

from farthing.audit.pseudonym import pseudonym, pseudonymised, tenant_of

KEY = b"k" * 32


def test_a_person_keeps_a_pseudonym_within_a_tenant():
    one = pseudonymised((("team", "a"), ("user", "alice")), ("user",), KEY)
    assert one == pseudonymised((("team", "a"), ("user", "alice")), ("user",), KEY)
    assert dict(one)["team"] == "a"
    assert dict(one)["user"] == pseudonym(KEY, "team=a", "user", "alice") != "alice"


def test_tenants_people_labels_and_keys_are_told_apart():
    made = {
        pseudonym(KEY, "team=a", "user", "alice"),
        pseudonym(KEY, "team=b", "user", "alice"),
        pseudonym(KEY, "team=a", "user", "bob"),
        pseudonym(KEY, "team=a", "agent", "alice"),
        pseudonym(b"x", "team=a", "user", "alice"),
    }
    assert len(made) == 5


def test_a_pseudonym_stays_as_it_is():
    once = pseudonym(KEY, "", "user", "alice")
    assert pseudonym(KEY, "", "user", once) == once


def test_an_organisation_is_the_tenant_before_a_team():
    assert tenant_of((("org", "o"), ("team", "t"))) == "org=o"
    assert tenant_of((("team", "t"),)) == "team=t"
    assert tenant_of((("user", "u"),)) == ""
