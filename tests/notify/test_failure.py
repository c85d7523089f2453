"""A failed attempt is one of our own exceptions."""

from farthing.domain.errors import FarthingError
from farthing.notify.failure import Undelivered


def test_a_failed_attempt_is_told_in_words():
    assert isinstance(Undelivered("it answered 500"), FarthingError)
    assert str(Undelivered("it answered 500")) == "it answered 500"
