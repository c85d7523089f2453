"""Alive, and ready."""

from farthing.domain.errors import LedgerUnavailable
from support.admin import ask


def test_alive_and_ready(one_gateway):
    assert ask(one_gateway, "GET", "/healthz").json() == {"status": "ok"}
    assert ask(one_gateway, "GET", "/readyz").json() == {"status": "ready"}


def test_not_ready_while_the_ledger_cannot_write_yet_alive(gateway, monkeypatch):
    async def cannot():
        raise LedgerUnavailable("the disk is full")

    monkeypatch.setattr(gateway.engine.ledger, "flush", cannot)
    answer = ask(gateway, "GET", "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "ledger unavailable", "detail": "the disk is full"}
    assert ask(gateway, "GET", "/healthz").status_code == 200


def test_both_need_no_key(one_locked):
    assert ask(one_locked, "GET", "/healthz").status_code == 200
    assert ask(one_locked, "GET", "/readyz").status_code == 200
