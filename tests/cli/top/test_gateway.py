"""Frames from a running gateway: the same as from its file, and a gateway that is away is waited for."""

import pytest

from farthing.cli.commands import Said
from farthing.cli.options import settings_from
from farthing.cli.top.frame import Frame
from farthing.cli.top.gateway import GatewayFeed
from farthing.cli.top.store import store_feed
from farthing.config.engine import wall_ms
from farthing.domain.errors import LedgerUnavailable
from support.admin import ADMIN, BUDGET, KEYS, chat
from support.gateway import gateway_and_provider


def facts(frame: Frame):
    return (
        frame.hour,
        frame.budgets,
        frame.busy,
        [(call.id, call.nanos, call.outcome, call.who) for call in frame.calls],
    )


def test_the_gateway_and_its_file_say_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with gateway_and_provider(tmp_path, BUDGET) as (gateway, _):
        for labels in ("run=r1,agent=a", "run=r1,agent=b", "run=r2"):
            assert chat(gateway, x_farthing_labels=labels).status_code == 200
        gateway.flush()
        told = GatewayFeed(gateway.url, "", wall_ms).read()
        with store_feed(settings_from(next(tmp_path.glob("*.toml"))), wall_ms) as feed:
            read = feed.read()
    assert facts(told) == facts(read)
    assert told.hour.calls == 3
    assert told.source == gateway.url


def test_a_gateway_that_is_away_is_unavailable_for_now():
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        GatewayFeed("127.0.0.1:9", "", wall_ms).read()


def test_a_key_is_needed_where_there_are_keys(tmp_path):
    with gateway_and_provider(tmp_path, KEYS) as (gateway, _):
        with pytest.raises(Said, match="right admin"):
            GatewayFeed(gateway.url, "", wall_ms).read()
        assert GatewayFeed(gateway.url, ADMIN, wall_ms).read().hour.calls == 0


@pytest.mark.parametrize("url", ["ftp://x", "http://", ""])
def test_what_is_no_address_is_said(url):
    with pytest.raises(Said, match="no address"):
        GatewayFeed(url, "", wall_ms)
