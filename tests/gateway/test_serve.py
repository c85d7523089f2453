"""The gateway as a process: it drains before it ends, and takes up a new file only where all of it is good."""

import gc
import json
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from farthing.domain.budget import Unit
from farthing.gateway.serve import listen
from farthing.stores.sqlite.records import SqliteRecords
from farthing.testing import Fault, Pace, Settings, SimulatedProvider, list_prices
from support.admin import BUDGET, CHAT, admin, chat
from support.gateway import gateway_and_provider, write_config
from support.process import serving
from support.rawclient import RawClient, request

STREAM = json.dumps({**CHAT, "max_tokens": 25, "stream": True}).encode()


def in_dollars(folder):
    """(posted, open) on all dollar accounts of the file."""
    records = SqliteRecords(folder / "farthing.db")
    try:
        accounts = [a for a in records.accounts() if a.account.unit is Unit.USD]
    finally:
        records.close()
    return sum(a.posted for a in accounts), sum(a.held + a.unknown for a in accounts)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_streams_in_flight_are_finished_before_it_ends(tmp_path, number):
    provider = SimulatedProvider(Settings(pace=Pace(event_seconds=0.03)), prices=list_prices(lambda: 1_800_000_000_000))
    with provider.in_thread() as simulated, serving(write_config(tmp_path, simulated.url, BUDGET)) as gateway:
        clients = [RawClient(gateway.port) for _ in range(3)]
        for client in clients:
            client.send(request(body=STREAM))
            client._more()
        gateway.tell(number)
        answers = [client.rest() for client in clients]
        assert gateway.end() == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", gateway.port), 5)
        assert all(answer.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n") for answer in answers), answers
        assert in_dollars(tmp_path) == (sum(entry.nanos for entry in simulated.bill), 0)
    for client in clients:
        client.socket.close()


def test_what_does_not_finish_in_time_stays_held(tmp_path):
    with SimulatedProvider(faults=[Fault(kind="silence")]).in_thread() as simulated:
        config = write_config(tmp_path, simulated.url, BUDGET + '[gateway]\ndrain = "1s"\n')
        with serving(config) as gateway, RawClient(gateway.port) as client:
            client.send(request())
            while not simulated.requests:
                assert gateway.process.poll() is None
            gateway.tell(signal.SIGTERM)
            assert gateway.end() == 0
            answer = client.rest()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"gateway_stopped" in answer
        posted, still_open = in_dollars(tmp_path)
        assert posted == 0
        assert still_open > 0


def test_a_good_file_is_taken_up_and_a_bad_one_changes_nothing(tmp_path):
    with SimulatedProvider().in_thread() as simulated:
        config = write_config(tmp_path, simulated.url, BUDGET)
        with serving(config) as gateway:
            assert chat(gateway).status_code == 200
            good = config.read_text()
            config.write_text(good.replace("1 USD", "0.000000001 USD") + "[nonsense]\n")
            gateway.tell(signal.SIGHUP)
            gateway.hear("the old configuration stays")
            assert chat(gateway).status_code == 200
            config.write_text(good.replace("1 USD", "0.000000001 USD"))
            gateway.tell(signal.SIGHUP)
            gateway.hear("configuration reloaded")
            assert chat(gateway).status_code == 402
            config.write_text(good)
            gateway.tell(signal.SIGHUP)
            while chat(gateway).status_code != 200:
                assert gateway.process.poll() is None
            gateway.tell(signal.SIGTERM)
            assert gateway.end() == 0


def test_what_the_admin_side_made_is_there_after_a_restart(tmp_path):
    with SimulatedProvider().in_thread() as simulated:
        config = write_config(tmp_path, simulated.url, BUDGET)
        with serving(config) as gateway:
            admin(gateway, "PUT", "/budgets/kept", {"limits": {"usd": "0.000000001"}})
            admin(gateway, "POST", "/budgets/kept/raise", {"amount": "0.5"})
            assert chat(gateway).status_code == 200
            admin(gateway, "GET", "/calls")  # answers from the file, so what the call cost is in it
            gateway.tell(signal.SIGKILL)
            gateway.process.wait(30)
        with serving(config) as gateway:
            (account,) = admin(gateway, "GET", "/budgets/kept")["accounts"]
            assert (account["limit"], account["spent"]) == ("0.500000001", "0.0000132")


def test_an_address_that_is_taken_is_told_and_left():
    first = listen("127.0.0.1", 0)
    try:
        first.listen()
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", first.getsockname()[1])
    finally:
        first.close()


def test_the_limit_of_open_files_is_raised_as_far_as_it_may_and_never_lowered():
    script = (
        "import resource; from farthing.gateway.serve import allow_open_files; "
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; "
        "top = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096); "
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)); "
        "assert allow_open_files(top) == top; assert allow_open_files(128) == top; "
        "assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == top"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_calls_and_connections_leave_nothing_for_the_garbage_collector(tmp_path):
    """It is told to look rarely: what it alone could free would be there for long."""
    with gateway_and_provider(tmp_path, BUDGET) as (gateway, _):
        call_in_many_ways(gateway.port)
        with collected() as garbage:
            for _ in range(3):
                call_in_many_ways(gateway.port)
            gateway.flush()
    rooms = ("farthing.gateway", "farthing.call", "farthing.providers", "farthing.wire", "farthing.stores")
    assert not {type(thing).__qualname__ for thing in garbage if type(thing).__module__.startswith(rooms)}


def call_in_many_ways(port):
    """Whole and streamed on one connection, refused, and left in the middle."""
    with RawClient(port) as client:
        for body in (json.dumps(CHAT).encode(), STREAM, b"{}", STREAM):
            client.send(request(body=body))
            client.answer()
        client.send(request(body=STREAM))
        client._more()


@contextmanager
def collected():
    """A list that in the end holds all that only the garbage collector could free."""
    found = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found.extend(gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
