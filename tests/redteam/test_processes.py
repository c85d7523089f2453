"""Children that begin elsewhere, or behind a gateway of their own, are charged to the budgets that they were started in."""

import os
import subprocess
import sys

import pytest

import farthing
from support.gateway import gateway_and_provider
from support.sdk_provider import billed, simulated
from support.sdk_world import ask, openai_client, sdk

CALL = """
import os, sys, openai, farthing
client = openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="sk-test", max_retries=0)
client = farthing.wrap(client)
try:
    client.chat.completions.create(model="gpt-4o-mini", max_tokens=50, messages=[{"role": "user", "content": "hi"}])
except farthing.FarthingError as refused:
    sys.exit(f"{type(refused).__name__}: {refused}")
"""
PLAIN = """
import os, sys, openai
try:
    openai.OpenAI(max_retries=0).chat.completions.create(
        model="gpt-4o-mini", max_tokens=50, messages=[{"role": "user", "content": "hi"}]
    )
except openai.APIStatusError as refused:
    sys.exit(f"{refused.status_code} {refused.code}")
"""
TINY = "$0.000001"


@pytest.fixture
def provider(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with simulated() as running, sdk(store="farthing.db"):
        yield running


def child(provider, run, *words, folder=None, **more):
    environ = {**os.environ, **run, "PROVIDER": provider.url, **more}
    return subprocess.run(
        [sys.executable, *words], env=environ, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_child_in_another_folder_spends_from_the_same_file(provider, tmp_path):
    with farthing.budget(TINY) as run:
        ended = child(provider, run.environ, "-c", CALL, folder=tmp_path)
        assert "BudgetExceeded" in ended.stderr
    assert not (tmp_path / "farthing.db").exists()
    assert billed(provider) == 0


@pytest.mark.parametrize("store", ["farthing.db", "sqlite:///farthing.db"])
def test_a_program_that_goes_to_another_folder_keeps_its_file(provider, tmp_path, monkeypatch, store):
    with farthing.budget(TINY, store=store) as run:
        monkeypatch.chdir(tmp_path)
        assert run.environ["FARTHING_STORE"] == str(tmp_path / "here" / "farthing.db")
        with farthing.budget("$1"), pytest.raises(farthing.BudgetExceeded):
            ask(openai_client(provider))
    assert not (tmp_path / "farthing.db").exists()


def gatewayed(provider, run, *options, **more):
    own = {"OPENAI_API_KEY": "sk-real", "OPENAI_BASE_URL": f"{provider.url}/v1"}
    words = ("-m", "farthing.cli", "run", *options, "--", sys.executable, "-c", PLAIN)
    return child(provider, run, *words, **{**own, **more})


def test_farthing_run_inside_a_budget_of_a_program_spends_from_it(provider):
    with farthing.budget(TINY) as run:
        ended = gatewayed(provider, run.environ)
        assert "402 budget_exceeded" in ended.stderr, ended.stderr
        assert run.spent.calls == 0
    assert billed(provider) == 0


def test_it_is_charged_to_every_budget_around_it_once(provider):
    with farthing.budget("$1") as outer, farthing.budget("$1") as inner:
        ended = gatewayed(provider, inner.environ)
        assert ended.returncode == 0, ended.stderr
        assert inner.spent.usd == outer.spent.usd == billed(provider) > 0
        assert outer.spent.calls == 1


@pytest.mark.parametrize(
    ("options", "changed", "words"),
    [
        (("--store", "other.db"), {}, "leave out --store"),
        (("--pass-through",), {}, "cannot pass through"),
        ((), {"FARTHING_STORE": "http://127.0.0.1:1"}, "by the gateway at"),
        ((), {"FARTHING_STORE": ""}, "set FARTHING_STORE too"),
    ],
)
def test_where_the_budgets_around_it_could_not_be_charged_nothing_runs(provider, options, changed, words):
    with farthing.budget("$1") as run:
        ended = gatewayed(provider, run.environ, *options, **changed)
    assert words in ended.stderr
    assert ended.returncode not in (0, 75)
    assert billed(provider) == 0


def test_a_child_of_an_inner_budget_is_refused_after_its_end_though_the_outer_one_goes_on(provider):
    with farthing.budget("$1") as outer:
        with farthing.budget(TINY) as inner:
            environ = dict(inner.environ)
        assert "has ended" in child(provider, environ, "-c", CALL).stderr
        assert outer.spent.calls == 0
    assert billed(provider) == 0


def test_a_child_after_the_end_is_refused(provider):
    with farthing.budget("$1") as run:
        environ = dict(run.environ)
    assert "has ended" in child(provider, environ, "-c", CALL).stderr
    assert billed(provider) == 0


def test_so_it_is_where_a_gateway_counts(tmp_path):
    with (
        gateway_and_provider(tmp_path) as (gateway, provider),
        sdk(store=gateway.url),
        farthing.budget("$1"),
    ):
        with farthing.budget(TINY) as inner:
            environ = dict(inner.environ)
            assert "BudgetExceeded" in child(provider, environ, "-c", CALL).stderr
        assert "has ended" in child(provider, environ, "-c", CALL).stderr
        assert billed(provider) == 0
