"""The packaged files: they are what the build step gives, and nothing in them is impossible."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest

from farthing.pricing.bookfile import FORMAT, METERS, Book, Daily, digest, packaged, rates_of

ROOT = Path(__file__).parent.parent.parent
FILE = msgspec.json.decode(packaged("prices.json"), type=Book)


def test_the_committed_book_is_what_the_tool_compiles_from_the_installed_genai_prices():
    if FILE.source != f"genai-prices {version('genai-prices')}":
        pytest.skip(f"compiled from {FILE.source}; run tools/compile_prices.py for {version('genai-prices')}")
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "compile_prices.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hash_is_over_the_content():
    assert FILE.format == FORMAT
    assert FILE.hash == digest(FILE.providers)


def test_one_model_is_one_line():
    assert len(packaged("prices.json").splitlines()) >= sum(len(provider.models) for provider in FILE.providers)


def test_every_model_has_periods_that_rise_and_a_price_or_a_reason():
    for provider in FILE.providers:
        for model in provider.models:
            sinces = [period.since for period in model.periods]
            assert sinces[0] == 0
            assert sinces == sorted(set(sinces))
            assert all(bool(period.prices) != bool(period.unpriced) for period in model.periods)


def test_every_price_is_a_whole_number_and_tiers_rise():
    for provider in FILE.providers:
        for model in provider.models:
            for tiers in (tiers for period in model.periods for tiers in period.prices.values()):
                assert tiers[0][0] == 0
                assert [tier[0] for tier in tiers] == sorted({tier[0] for tier in tiers})
                for _, _, rates in tiers:
                    assert 2 <= len(rates) <= len(METERS)
                    assert all(rate is None or (type(rate) is int and rate >= 0) for rate in rates)
                    assert rates[-1] is not None


def test_no_model_is_free_by_accident():
    for provider in FILE.providers:
        for model in provider.models:
            for tiers in (tiers for period in model.periods for tiers in period.prices.values()):
                assert all(rates[0] for _, _, rates in tiers), model.id


def test_hours_run_over_midnight():
    night = Daily(since=23_000, until=5_000, prices={})
    assert [night.holds(moment) for moment in (22_999, 23_000, 86_399_999, 0, 4_999, 5_000)] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]
    day = Daily(since=5_000, until=23_000, prices={})
    assert [day.holds(moment) for moment in (4_999, 5_000, 22_999, 23_000)] == [False, True, True, False]


def test_trailing_unknown_rates_are_none():
    rates = rates_of((7, 9))
    assert (rates.input, rates.output, rates.cache_read, rates.request) == (7, 9, None, None)
    assert rates_of((1, 2, None, 4)).cache_write_5m == 4
