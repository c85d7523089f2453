"""Sessions: signed, bound to a key, expiring, and ended for good."""

import pytest

from farthing.dashboard.session import LASTS_SECONDS, MOST_ENDED, Sessions, key_of
from farthing.domain.key import Key

NOW = 1_800_000_000_000
BOSS = Key(id="boss", name="boss", digest="d" * 64, rights=("admin", "call"))
SESSIONS = Sessions(b"s" * 32)


def begin(key=None, chance=b"c" * 16):
    return SESSIONS.begin(chance, NOW, key)


def test_a_cookie_comes_back_as_the_session_it_was_made_from():
    session = begin(BOSS)
    assert SESSIONS.read(SESSIONS.write(session), NOW) == session


def test_a_cookie_is_over_at_its_time():
    value = SESSIONS.write(begin())
    assert SESSIONS.read(value, NOW + LASTS_SECONDS * 1_000 - 1_000) is not None
    assert SESSIONS.read(value, NOW + LASTS_SECONDS * 1_000) is None


def test_every_changed_character_is_noticed():
    value = SESSIONS.write(begin(BOSS))
    for place in range(len(value)):
        other = "A" if value[place] != "A" else "B"
        assert SESSIONS.read(value[:place] + other + value[place + 1 :], NOW) is None, place


@pytest.mark.parametrize("value", ["", ".", "e30.", "x" * 5_000, "é.é", "e30.0000"])
def test_what_is_no_cookie_of_ours_is_none(value):
    assert SESSIONS.read(value, NOW) is None


def test_another_installation_s_cookie_is_worth_nothing():
    assert Sessions(b"t" * 32).read(SESSIONS.write(begin(BOSS)), NOW) is None


def test_a_session_that_was_ended_stays_ended():
    sessions = Sessions(b"s" * 32)
    session = sessions.begin(b"e" * 16, NOW)
    sessions.end(session, NOW)
    assert sessions.read(sessions.write(session), NOW) is None


def test_ended_sessions_are_forgotten_when_they_would_be_over():
    sessions = Sessions(b"s" * 32)
    for number in range(MOST_ENDED + 1):
        sessions.end(sessions.begin(number.to_bytes(16, "big"), NOW), NOW + LASTS_SECONDS * 1_000 + 1_000)
    assert len(sessions._ended) == 1


def test_a_token_belongs_to_one_session_and_is_no_cookie():
    mine, other = begin(), begin(chance=b"o" * 16)
    token = SESSIONS.token(mine)
    assert SESSIONS.is_token(mine, token)
    assert not SESSIONS.is_token(other, token)
    assert not SESSIONS.is_token(mine, "")
    assert not SESSIONS.is_token(mine, "é")
    assert token not in SESSIONS.write(mine)


def test_a_session_has_its_key_as_long_as_the_key_is_what_it_was():
    session = begin(BOSS)
    assert key_of(session, [BOSS]) is BOSS
    assert key_of(session, []) is None
    changed = Key(id="boss", name="boss", digest="e" * 64, rights=("admin",))
    demoted = Key(id="boss", name="boss", digest="d" * 64, rights=("call",))
    assert key_of(session, [changed]) is None
    assert key_of(session, [demoted]) is None
    assert key_of(begin(), [BOSS]) is None
