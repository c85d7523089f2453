"""Who may scrape, and what is answered while the past is still being summed."""

import asyncio

import pytest

from farthing.config.telemetry import Telemetry
from farthing.gateway import metrics
from farthing.gateway.metrics import send_metrics, watch_lag
from support.admin import ADMIN, BUDGET, CALLER, KEYS, ask, bearer
from support.engines import with_engine
from support.gateway import gateway_and_provider

SCRAPER = "a-scrapers-secret-of-the-file"
SCRAPING = f'[[keys]]\nname = "prometheus"\nsecret = "{SCRAPER}"\nrights = ["metrics"]\n'


def scrape(gateway, method="GET", **headers):
    for _ in range(200):
        answer = ask(gateway, method, "/metrics", **headers)
        if answer.status_code != 503:
            return answer
        assert answer.headers["retry-after"]
    raise AssertionError("it was never summed")


def test_without_keys_this_machine_may_scrape_and_a_foreign_page_may_not(one_gateway):
    answer = scrape(one_gateway)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["cache-control"] == "no-store"
    assert "farthing_budget_limit" in answer.text
    assert scrape(one_gateway, origin="https://evil.example").status_code == 403
    assert scrape(one_gateway, x_forwarded_for="10.0.0.1").status_code == 403
    assert scrape(one_gateway, "POST").status_code == 405


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("guarded"), BUDGET + KEYS + SCRAPING) as (gateway, _):
        yield gateway


@pytest.mark.parametrize(
    ("secret", "status"), [(SCRAPER, 200), (ADMIN, 200), (CALLER, 403), ("fk_unknown_key_of_nobody", 401), (None, 401)]
)
def test_with_keys_only_a_key_with_the_right_may(guarded, secret, status):
    assert scrape(guarded, **(bearer(secret) if secret else {})).status_code == status


def test_a_key_that_may_scrape_may_do_so_from_behind_a_proxy_and_may_do_nothing_else(guarded):
    assert scrape(guarded, **bearer(SCRAPER), x_forwarded_for="10.0.0.1").status_code == 200
    assert ask(guarded, "GET", "/farthing/v1/keys", **bearer(SCRAPER)).status_code == 403


class Client:
    async def whole(self, status, headers, body):
        self.status, self.headers, self.body = status, dict(headers), body


def test_while_the_past_is_summed_the_scraper_is_told_to_come_again(tmp_path, monkeypatch):
    monkeypatch.setattr(Telemetry, "scrape", lambda self: None)

    async def act(engine):
        client = Client()
        await send_metrics(engine, client)
        return client

    client = with_engine(tmp_path, act)
    assert client.status == 503
    assert client.headers[b"retry-after"] == b"2"


def test_a_loop_that_was_held_up_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "LOOK_EVERY_SECONDS", 0.0)

    async def act(engine):
        engine.telemetry.loop_lag_seconds = 0.0
        watch_lag(engine, asyncio.get_running_loop())
        while not engine.telemetry.loop_lag_seconds:
            await asyncio.sleep(0)
        return engine.telemetry.loop_lag_seconds

    assert with_engine(tmp_path, act) > 0
