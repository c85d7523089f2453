"""`farthing simulate`: the simulated provider as a command."""

import json
import signal
import socket
import urllib.request

from support.shell import command, invoke, started


def test_it_serves_where_it_says_and_ends_when_asked(tmp_path):
    process = started("simulate", "--port", "0", "--tokens", "7", cwd=tmp_path)
    try:
        url = process.stdout.readline().split()[3].rstrip(",")
        assert f"OPENAI_BASE_URL={url}/v1" in process.stdout.readline()
        body = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}).encode()
        headers = {"authorization": "Bearer x", "content-type": "application/json"}
        request = urllib.request.Request(f"{url}/v1/chat/completions", body, headers)
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["usage"]["completion_tokens"] == 7
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_the_faults_are_listed():
    assert "no_usage" in invoke("simulate", "--faults").output


def test_a_fault_there_is_none_of_is_a_mistake():
    assert "--faults lists them" in invoke("simulate", "--chance", "gremlins=0.5", code=2).output
    assert "FAULT=PROBABILITY" in invoke("simulate", "--chance", "429", code=2).output


def test_a_taken_port_is_said_plainly(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = command("simulate", "--port", taken.getsockname()[1], cwd=tmp_path)
    assert ended.returncode == 69
    assert "choose another --port" in ended.stderr
