"""The engine in this process: one for each store, shut at the end of the program."""

import subprocess
import sys
import threading

import pytest

from farthing.domain.errors import FarthingError, LedgerUnavailable
from farthing.sdk.engine import close_engines, local_engine, place_of, running
from farthing.sdk.errors import Misused
from support.generations import environment
from support.sdk_provider import simulated
from support.sdk_world import sdk


def test_there_is_one_engine_for_a_store(tmp_path):
    with sdk():
        assert local_engine() is local_engine()
        assert local_engine().in_memory
        other = local_engine(str(tmp_path / "farthing.db"))
        assert other is not local_engine()
        assert not other.in_memory


def test_it_is_opened_again_after_it_was_shut():
    with sdk():
        first = local_engine()
        close_engines()
        assert not first.alive
        assert running("memory:") is None
        with pytest.raises(LedgerUnavailable):
            first.start(lambda: None)
        assert local_engine().alive


def test_it_does_not_wait_for_itself():
    with sdk():
        engine = local_engine()

        async def work():
            with pytest.raises(Misused, match="thread of your own"):
                engine.do(work())
            return threading.current_thread().name

        assert engine.do(work()) == "farthing"


def test_a_store_that_cannot_be_used_says_what_to_do():
    with sdk(store="postgresql://nowhere/x"), pytest.raises(Misused, match=r"a file, like farthing\.db"):
        local_engine()
    with sdk(store="sqlite://nowhere/x"), pytest.raises(FarthingError, match="sqlite"):
        local_engine()


SCRIPT = """
import sys
import openai, farthing
from support.maker_scenarios import CHAT
client = farthing.wrap(openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="k"))
run = farthing.budget("$1", name="ends").__enter__()
for _ in client.chat.completions.create(**CHAT, stream=True):
    break
"""


@pytest.mark.slow
@pytest.mark.parametrize("store", ["memory:", "farthing.db"])
def test_a_program_that_ends_in_the_midst_of_everything_ends_quietly(tmp_path, store):
    with simulated() as provider:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT, provider.url],
            env={**environment(), "FARTHING_STORE": store},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_keeps_its_place_wherever_the_program_goes(tmp_path, monkeypatch):
    with sdk():
        monkeypatch.chdir(tmp_path)
        there = str(tmp_path / "farthing.db")
        assert place_of("farthing.db") == place_of("sqlite:///farthing.db") == place_of(there) == there
        monkeypatch.chdir("/")
        assert place_of("farthing.db") == there
        for other in ("memory:", "http://127.0.0.1:4141", "postgresql://x/y", "sqlite:///"):
            assert place_of(other) == other
