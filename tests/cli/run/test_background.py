"""A gateway in a thread: it serves, flushes, and says why it could not start."""

import json
import socket
import urllib.request

import pytest

from farthing.cli.run.background import background_gateway
from farthing.config.load import load
from farthing.domain.errors import StoreBroken


def settings(tmp_path, **flags):
    return load(None, {"OPENAI_API_KEY": "sk"}, {"store.url": f"sqlite:///{tmp_path}/f.db", "gateway.port": 0, **flags})


def test_it_serves_until_the_block_ends(tmp_path):
    with background_gateway(settings(tmp_path), what="test") as gateway:
        gateway.flush()
        with urllib.request.urlopen(f"{gateway.url}/readyz") as answer:
            assert json.load(answer)["status"] == "ready"
        port = gateway.port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not (tmp_path / "f.db-wal").exists()


def test_a_taken_port_is_the_callers_to_know(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        flags = {"gateway.port": taken.getsockname()[1]}
        with pytest.raises(OSError), background_gateway(settings(tmp_path, **flags), what="test"):
            pass


def test_a_store_that_cannot_be_opened_is_the_callers_to_know(tmp_path):
    flags = {"store.url": f"sqlite:///{tmp_path}/no/f.db"}
    with pytest.raises(StoreBroken), background_gateway(settings(tmp_path, **flags), what="test"):
        pass
