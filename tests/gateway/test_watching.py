"""Calls whose texts are kept: whole and streamed, through a gateway, redacted on disk, and nothing where it is off."""

import pytest

from support.admin import admin, chat, refused
from support.gateway import gateway_and_provider

ON = '[record]\ncontent = "on"\ncontent_match = { team = "x" }\n'
SECRET = "ann.lee@example.com"
X = {"x_farthing_labels": "team=x"}


@pytest.fixture
def watched(tmp_path):
    with gateway_and_provider(tmp_path, ON) as (gateway, _):
        yield gateway


def ask(gateway, *, stream=False, **headers):
    messages = [{"role": "user", "content": f"I am {SECRET}"}]
    answer = chat(gateway, {"messages": messages, "stream": stream}, **headers)
    assert answer.status_code == 200
    return answer


def test_the_texts_of_a_call_are_kept_redacted(watched):
    answer = ask(watched, **X)
    found = admin(watched, "GET", f"/calls/{answer.headers['x-farthing-call-id']}/content")
    assert "I am [email]" in found["request"]
    assert SECRET not in found["request"] + found["answer"]
    assert '"choices"' in found["answer"]
    assert found["redacted"] >= 1


def test_a_stream_is_kept_as_its_whole_text(watched):
    answer = ask(watched, stream=True, **X)
    answer.read()
    found = admin(watched, "GET", f"/calls/{answer.headers['x-farthing-call-id']}/content")
    assert found["answer"].startswith('[{"kind":"content","text":"')


def test_a_call_that_does_not_match_leaves_no_text(watched):
    answer = ask(watched, x_farthing_labels="team=y")
    refused(watched, "GET", f"/calls/{answer.headers['x-farthing-call-id']}/content", status=404)


def test_no_byte_of_what_was_taken_out_is_on_disk(watched, tmp_path):
    answer = ask(watched, **X)
    assert admin(watched, "GET", f"/calls/{answer.headers['x-farthing-call-id']}/content")
    watched.flush()
    for path in tmp_path.rglob("farthing*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()


def test_a_call_with_an_idempotency_key_is_kept_too(watched):
    answer = ask(watched, idempotency_key="k1", **X)
    assert admin(watched, "GET", f"/calls/{answer.headers['x-farthing-call-id']}/content")["redacted"] >= 1


def test_where_it_is_off_there_is_no_file(tmp_path):
    with gateway_and_provider(tmp_path) as (gateway, _):
        ask(gateway, **X)
        gateway.flush()
    assert not list(tmp_path.rglob("*content*"))
