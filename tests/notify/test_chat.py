"""Apprise: loaded on first use, blocking calls in threads of our own, loopback only."""

import asyncio
import json
import subprocess
import sys
import threading

import pytest

from farthing.notify import chat as module
from farthing.notify.chat import Chat
from farthing.notify.failure import Undelivered
from farthing.stores.memory.alerts import MemoryOutbox
from support.alerting import an_alert
from support.rawserver import RawServer, always, answer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what Apprise imports is not ours to mend
ALERT = MemoryOutbox().tell(an_alert("bob"), ())


def deliver(url, chat=None):
    chat = chat or Chat()
    try:
        asyncio.run(chat.deliver(url, ALERT))
    finally:
        chat.close()


def over_the_wire(reply):
    pytest.importorskip("apprise")

    async def main():
        async with RawServer(always(reply)) as server:
            chat = Chat()
            try:
                await chat.deliver(f"json://127.0.0.1:{server.port}/T0K3N", ALERT)
            finally:
                chat.close()
            return server.requests

    return asyncio.run(main())


def test_apprise_delivers_title_and_text():
    (received,) = over_the_wire(answer(b"ok"))
    body = json.loads(received.body)
    assert (body["title"], body["message"]) == ("it is full", "all of it")


def test_a_service_that_does_not_take_it_is_a_failed_attempt_without_secret():
    with pytest.raises(Undelivered, match="json:// did not take it") as error:
        over_the_wire(answer(b"no", status=b"500 Oh No"))
    assert "T0K3N" not in str(error.value)


def test_an_address_that_apprise_cannot_read_is_a_failed_attempt_without_secret():
    pytest.importorskip("apprise")
    with pytest.raises(Undelivered, match="nosuch://") as error:
        deliver("nosuch://T0K3N")
    assert "T0K3N" not in str(error.value)


def test_without_apprise_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(Undelivered, match=r"farthing\[alerts\]"):
        deliver("slack://a/b/c")


def test_a_service_that_hangs_is_given_up_and_not_waited_for(monkeypatch):
    held = threading.Event()
    monkeypatch.setattr(module, "_notify", lambda *_: held.wait(20))
    chat = Chat(seconds=0.05)
    try:
        with pytest.raises(Undelivered, match="longer than"):
            asyncio.run(chat.deliver("slack://a", ALERT))
    finally:
        held.set()
        chat.close()


def test_apprise_is_loaded_by_its_first_use_only():
    script = "import sys, farthing.notify.chat, farthing.notify.courier; print('apprise' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
