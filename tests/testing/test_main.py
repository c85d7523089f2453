"""The command."""

import os
import re
import signal
import subprocess
import sys

import httpx2
import pytest

from farthing.testing.__main__ import parser, provider_from
from support.simulated import OPENAI, chat_body


@pytest.mark.slow
def test_it_serves_with_list_prices_until_interrupted():
    command = [sys.executable, "-m", "farthing.testing", "--port", "0", "--tokens", "7"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    ) as process:
        url = re.search(r"http://[\d.]+:\d+", process.stdout.readline()).group()
        with httpx2.Client(trust_env=False, verify=False) as client:
            client.post(f"{url}/v1/chat/completions", json=chat_body(), headers=OPENAI)
            bill = client.get(f"{url}/_sim/bill").json()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
    assert bill["entries"][0]["usage"]["output_tokens"] == 7
    assert bill["nanos"] > 0
    assert (process.returncode, output, errors) == (0, "", "")


def test_settings_come_from_the_command_line():
    provider = provider_from(
        parser().parse_args(["--seed", "3", "--event", "0.5", "--chance", "429:retry_after=1=1.0"])
    )
    assert (provider.simulation.settings.seed, provider.simulation.settings.pace.event_seconds) == (3, 0.5)
    assert provider.faults.next().retry_after == "1"


def test_an_impossible_chance_is_refused():
    with pytest.raises(ValueError, match="probabilities"):
        provider_from(parser().parse_args(["--chance", "429=2"]))
