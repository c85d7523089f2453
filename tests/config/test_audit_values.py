"""Single settings of the audit: ages, labels that name people, a signing key."""

from pathlib import Path

import pytest

from farthing.config.audit_values import age, personal_labels, signing_key
from farthing.config.values import Surroundings, Wrong

AROUND = Surroundings({"KEY": "ab" * 32}, Path())


def test_an_age_is_a_duration_or_for_ever():
    assert age("1d", AROUND) == 86_400_000
    assert age("forever", AROUND) is None
    with pytest.raises(Wrong, match="forever"):
        age(5, AROUND)


def test_only_labels_of_people_can_be_hidden():
    assert personal_labels(["user"], AROUND) == ("user",)
    with pytest.raises(Wrong, match="team"):
        personal_labels(["team"], AROUND)


def test_a_key_is_32_bytes_and_shows_itself_to_nobody():
    key = signing_key("env:KEY", AROUND)
    assert key.reveal() == "ab" * 32
    assert "abab" not in repr(key)
    for wrong in ("ab", "zz" * 32):
        with pytest.raises(Wrong, match="64 hexadecimal"):
            signing_key(wrong, AROUND)
