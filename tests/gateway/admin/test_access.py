"""Who may use the admin side."""

import pytest

from farthing.accounts.secrets import digest, index
from farthing.config.admin_settings import Admin
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.gateway.admin.access import admitted, still_admitted
from farthing.gateway.admin.entrance import Apart

BOSS = Key(id="boss", name="boss", digest=digest("b" * 32), rights=("admin",))
BOT = Key(id="bot", name="bot", digest=digest("c" * 32))
KEYS = index((BOSS, BOT))
HOST = {b"host": b"127.0.0.1:4141"}


def refusal(headers, keys, peer="127.0.0.1"):
    with pytest.raises(BadRequest) as caught:
        admitted(headers, keys, peer)
    return caught.value.status, caught.value.field


def test_with_keys_only_a_key_with_the_right_on_this_machine():
    shown = {**HOST, b"authorization": b"Bearer " + b"b" * 32}
    assert admitted(shown, KEYS, "127.0.0.1") is BOSS
    assert refusal({**HOST, b"authorization": b"Bearer " + b"c" * 32}, KEYS) == (403, "authorization")
    assert refusal(HOST, KEYS) == (401, "authorization")
    assert refusal(shown, KEYS, "10.0.0.7")[0] == 403
    assert refusal({**shown, b"forwarded": b"for=10.0.0.7"}, KEYS) == (403, "forwarded")


def test_without_keys_only_this_machine_and_no_page_but_our_own():
    assert admitted(HOST, {}, "::1") is None
    assert admitted({**HOST, b"origin": b"http://127.0.0.1:4141"}, {}, "127.0.0.1") is None
    assert refusal({**HOST, b"origin": b"http://127.0.0.1:9999"}, {}) == (403, "origin")
    assert refusal({**HOST, b"origin": b"http://localhost:4141"}, {}) == (403, "origin")
    assert refusal({**HOST, b"origin": b"null"}, {}) == (403, "origin")
    assert refusal({b"host": b"evil.example"}, {}) == (403, "host")
    assert refusal(HOST, {}, "10.0.0.7")[0] == 403


def test_what_changed_while_a_body_was_on_its_way_counts():
    still_admitted(BOSS, KEYS)
    still_admitted(None, {})
    for maker, keys in ((BOSS, index((BOT,))), (None, KEYS)):
        with pytest.raises(BadRequest) as caught:
            still_admitted(maker, keys)
        assert caught.value.status == 401


APART = Apart(lambda: Admin(listen="10.0.0.5:4142"))


def test_on_an_address_of_its_own_everybody_needs_a_key_also_where_there_are_none():
    here = {b"host": b"10.0.0.5:4142"}
    shown = {**here, b"authorization": b"Bearer " + b"b" * 32}
    assert admitted(shown, KEYS, "10.0.0.7", entrance=APART) is BOSS
    bot = {**here, b"authorization": b"Bearer " + b"c" * 32}
    assert admitted(bot, KEYS, "10.0.0.7", "call", APART) is BOT
    for headers, keys, right, status in (
        (bot, KEYS, "admin", 403),
        (here, KEYS, "admin", 401),
        (here, KEYS, "call", 401),
        (here, {}, "admin", 401),
        (here, {}, "call", 401),
        (shown, {}, "admin", 401),
        ({**shown, b"host": b"evil.example"}, KEYS, "admin", 403),
        ({**bot, b"host": b"evil.example"}, KEYS, "call", 403),
        ({**shown, b"x-forwarded-for": b"10.0.0.9"}, KEYS, "admin", 403),
    ):
        for peer in ("10.0.0.7", "127.0.0.1"):
            with pytest.raises(BadRequest) as caught:
                admitted(headers, keys, peer, right, APART)
            assert caught.value.status == status, (headers, right)
