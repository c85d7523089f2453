"""Telemetry wired to an engine: budgets as they are in force, savings as reports give them, nothing without an endpoint."""

import asyncio
import sys

import pytest

from farthing.config.telemetry import Telemetry, longest_wait_ms, naive_in
from farthing.config.wiring import cards_of
from farthing.domain.errors import BadConfig
from support.engines import ask_for, engine_in, settings_in, with_engine
from support.filled_store import fill

OTHER = '[[budgets]]\nname = "each"\nlimit = "1 USD"\neach = "user"\nwait = "40s"\napprove_wait = "20s"\n'


async def scraped(engine):
    for _ in range(500):
        text = await asyncio.to_thread(engine.telemetry.scrape)
        if text is not None:
            return text.decode()
        await asyncio.sleep(0.01)
    raise AssertionError("it was never summed")


def test_budgets_and_holds_are_told_as_the_ledger_has_them(tmp_path):
    async def act(engine):
        before = await scraped(engine)
        await engine.ledger.reserve(ask_for(engine, 250_000_000))
        await engine.ledger.flush()
        return before, await scraped(engine)

    before, after = with_engine(tmp_path, act, OTHER)
    label = '{budget="all",run="",unit="usd",value=""}'
    assert f"farthing_budget_left{label} 1.0" in before
    assert f"farthing_budget_reserved{label} 0.25" in after
    assert f"farthing_budget_left{label} 0.75" in after
    assert 'farthing_holds{state="held"} 1.0' in after
    assert 'budget="each"' not in after  # nobody has an account of it yet


def test_without_an_endpoint_nothing_is_made_and_stopping_is_no_error(tmp_path):
    async def act(engine):
        telemetry = Telemetry(engine, {})
        telemetry.start()
        telemetry.stop()
        return telemetry._running

    assert with_engine(tmp_path, act) is None


def test_a_restart_does_not_sum_the_past_again(tmp_path):
    async def run():
        async with engine_in(tmp_path) as engine:
            await engine.ledger.reserve(ask_for(engine, 10))
            await scraped(engine)
        async with engine_in(tmp_path) as engine:
            return engine.store.trail.take("tally", "tally", engine.now_ms(), 0)

    assert asyncio.run(run())


def test_what_was_saved_is_what_the_price_book_says(tmp_path):
    filled = fill(tmp_path / "farthing.db")

    async def act(engine):
        from farthing.domain.ids import read

        call = engine.records.call(read("call", filled.paid))
        attempt = call.attempts[0]
        assert naive_in(cards_of(engine.rules), call.opening, attempt) > attempt.cost_nanos
        unknown = engine.records.call(read("call", filled.unknown))
        assert naive_in(cards_of(engine.rules), unknown.opening, unknown.attempts[0]) == 0

    with_engine(tmp_path, act)


def test_a_call_may_wait_as_long_as_any_budget_lets_it(tmp_path):
    assert longest_wait_ms(settings_in(tmp_path, OTHER)) == 60_000
    assert longest_wait_ms(settings_in(tmp_path)) == 20_000


OTLP = '[telemetry]\notlp = "http://127.0.0.1:9"\n'


def test_without_the_extra_an_endpoint_of_the_file_is_an_error_and_one_of_the_environment_is_left_alone(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setitem(sys.modules, "farthing.telemetry.otlp", None)

    async def act(engine):
        Telemetry(engine, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}).start()
        engine.settings = settings_in(tmp_path, OTLP)
        with pytest.raises(BadConfig, match=r"pip install 'farthing\[telemetry\]'"):
            Telemetry(engine, {}).start()

    with_engine(tmp_path, act)
    assert "nothing is exported" in caplog.text
