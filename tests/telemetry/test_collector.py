"""Through a real OpenTelemetry collector (Rotel): what comes out at its other end is the ledger, to the nano-dollar."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from farthing.telemetry import running
from support.admin import chat
from support.gateway import gateway_and_provider
from support.otlp_receiver import attributes, otlp_receiver
from support.ports import free_port

FOUND = find_spec("rotel")
AGENT = Path(FOUND.origin).parent / "rotel-agent" if FOUND and FOUND.origin else None
pytestmark = pytest.mark.skipif(
    AGENT is None or not AGENT.exists(),
    reason=f"no collector for {sys.platform}: pip install rotel, where it has a wheel",
)


@contextmanager
def collector(onward):
    """A collector that passes everything on to this address; its own address."""
    http, grpc = free_port(), free_port()
    environment = {
        **os.environ,
        "ROTEL_EXPORTER": "otlp",
        "ROTEL_OTLP_EXPORTER_ENDPOINT": onward,
        "ROTEL_OTLP_EXPORTER_PROTOCOL": "http",
    }
    listening = ("--otlp-http-endpoint", f"127.0.0.1:{http}", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}")
    process = subprocess.Popen(
        [str(AGENT), "start", *listening, "--batch-timeout", "100ms"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(http)
        yield f"http://127.0.0.1:{http}"
    finally:
        process.terminate()
        process.wait()


def wait_for(port, seconds=20.0):
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the collector did not start"
            time.sleep(0.02)
        else:
            return


def test_what_a_collector_passes_on_is_the_ledger(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "ROUND_SECONDS", 0.02)
    with otlp_receiver() as received, collector(received.url) as url:
        config = f'[[budgets]]\nname = "all"\nlimit = "1 USD"\n[telemetry]\notlp = "{url}"\nevery = "1s"\n'
        with gateway_and_provider(tmp_path, config) as (gateway, _):
            for turn in range(5):
                chat(gateway, {"max_tokens": 10 + turn}, x_farthing_labels=f"team=t{turn % 2}")
            gateway.flush()
            [row] = gateway.engine.records.usage(by=(), since_ms=0, until_ms=2**53)
            received.wait(lambda: len(received.spans) == 5)
            received.wait(lambda: "farthing.calls" in received.metrics and received.total("farthing.calls") == 5)
    in_spans = [attributes(span)["farthing.cost.nanodollars"] for span in received.spans]
    assert sum(in_spans) == received.total("farthing.cost.nanodollars") == row.cost_nanos > 0
    assert sum(attributes(span)["gen_ai.usage.input_tokens"] for span in received.spans) == row.usage.input_tokens
    assert received.total("gen_ai.client.inference.usage.output_tokens") == row.usage.output_tokens
