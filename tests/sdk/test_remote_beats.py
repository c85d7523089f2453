"""Heartbeats to a gateway that answers as it is told: one request for all runs, tried again, and never the program's matter."""

import asyncio
import json
import os
import threading
import time

import pytest

from farthing.sdk import remote_beats
from farthing.sdk.remote_beats import MOST, RemoteBeats, beats_of, overdue
from support.rawserver import RawServer, answer

heard: list[object] = []
WELL = answer(b'{"alive": [], "over": []}')


def with_replies(replies, act):
    """Do this, in a thread, against a gateway that gives these answers in their order, None for a connection that breaks."""
    left = list(replies)
    heard.clear()

    async def script(peer):
        heard.append(await peer.request())
        reply = left.pop(0) if left else WELL
        if reply is not None:
            await peer.send(reply)

    async def main():
        async with RawServer(script) as server:
            found = await asyncio.to_thread(act, server.origin)
            return found, [(request.line.split()[1].decode(), json.loads(request.body)) for request in server.requests]

    return asyncio.run(main())


def beating(store, *runs):
    beats = RemoteBeats(store)
    beats._beating = True  # no thread: a test beats by itself
    for run in runs:
        beats.add(run)
    return beats


def test_one_request_is_for_all_runs():
    found, requests = with_replies([WELL], lambda store: beating(store, "a", "b", "c").beat())
    assert found is True
    assert requests == [("/farthing/v1/runs/heartbeats", {"runs": ["a", "b", "c"]})]
    _, requests = with_replies([WELL] * 2, lambda store: beating(store, *map(str, range(MOST + 1))).beat())
    assert [len(body["runs"]) for _, body in requests] == [MOST, 1]


def test_a_run_that_is_over_beats_no_more(caplog):
    def act(store):
        beats = beating(store, "closed", "ended", "lives")
        beats.drop("closed")
        return beats.beat(), beats.beat()

    found, requests = with_replies([answer(b'{"alive": ["lives"], "over": ["ended"]}'), WELL], act)
    assert found == (True, True)
    assert [body["runs"] for _, body in requests] == [["ended", "lives"], ["lives"]]
    assert "the run ended was ended" in caplog.text


@pytest.mark.parametrize(
    "reply",
    [None, answer(b"{}", status=b"503 No"), answer(b"no json"), answer(b"[]"), answer(b"{}", status=b"404 Not Found")],
)
def test_a_beat_that_fails_is_said_and_raises_nothing(reply, caplog):
    def act(store):
        beats = beating(store, "a")
        return beats.beat(), beats.beat()

    found, requests = with_replies([reply], act)
    assert found == (False, True)
    assert len(requests) == 2
    assert "heartbeat" in caplog.text


def test_a_thread_beats_for_as_long_as_a_run_is_open_and_again_soon_after_a_failure(monkeypatch):
    monkeypatch.setattr(remote_beats, "PROMISE_SECONDS", 0.03)

    def act(store):
        beats, others = RemoteBeats(store), set(threading.enumerate())
        beats.add("a")
        (thread,) = [each for each in threading.enumerate() if each.name == "farthing-beats" and each not in others]
        deadline = time.monotonic() + 20
        while len(heard) < 4 and time.monotonic() < deadline:
            time.sleep(0.005)
        beats.drop("a")
        thread.join(20)
        return thread.is_alive()

    alive, requests = with_replies([None, WELL], act)
    assert not alive
    assert len(requests) >= 4


def test_whoever_calls_beats_first_where_that_is_overdue(monkeypatch):
    now = [1_000_000]
    monkeypatch.setattr(remote_beats, "wall_ms", lambda: now[0])

    def act(store):
        beats = beating(store, "a")
        beats.keep_up()
        now[0] += 31_000
        late = beats.overdue
        beats.keep_up()
        return late, beats.overdue

    found, requests = with_replies([WELL], act)
    assert found == (True, False)
    assert len(requests) == 1


def test_a_gateway_has_its_beats_in_each_process_once():
    store = "http://127.0.0.1:9"
    assert beats_of(store) is beats_of(f"{store}/")
    assert not overdue(store)
    assert not overdue("http://127.0.0.1:1")
    child = os.fork()
    if not child:
        os._exit(int(any(pid == os.getpid() for pid, _ in remote_beats._known)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
