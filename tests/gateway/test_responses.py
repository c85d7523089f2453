"""Responses that were asked for earlier: each is settled once, whoever fetches, follows or cancels it, by its own tenant only."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx2
import openai
import pytest

from farthing.testing import ManualClock, Settings
from support.admin import ADMIN, BUDGET, CALLER, KEYS, admin, ask, bearer
from support.gateway import gateway_and_provider

COUNTING = '[[budgets]]\nname = "seen"\nlimit = "1 USD"\nhard = "off"\n'
ASKED = {"model": "gpt-4o-mini", "input": "hello", "max_output_tokens": 20}
BACKGROUND = {**ASKED, "background": True}
DONE = "incomplete"  # it has said all that its cap allows
LONG_MS = 1_000


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def world(tmp_path, clock):
    """A gateway without keys and its provider, which takes a second of this clock for a background answer."""
    settings = Settings(background_ms=LONG_MS, cancelled_usage=True)
    with gateway_and_provider(tmp_path, COUNTING, settings=settings, clock=clock) as pair:
        yield pair


@pytest.fixture
def locked(tmp_path, clock):
    """The same with keys."""
    settings = Settings(background_ms=LONG_MS, cancelled_usage=True)
    with gateway_and_provider(tmp_path, COUNTING + KEYS, settings=settings, clock=clock) as pair:
        yield pair


def started(gateway, **headers):
    """A background answer that was asked for: what was told of it, and its path."""
    answer = ask(gateway, "POST", "/v1/responses", BACKGROUND, **headers)
    assert answer.json()["status"] in ("queued", "in_progress")
    return answer, f"/v1/responses/{answer.json()['id']}"


def attempt_of(gateway, answer):
    gateway.flush()
    return admin(gateway, "GET", f"/calls/{answer.headers['x-farthing-call-id']}")["attempts"][0]


def events_of(answer):
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", "compact"),
        ("PUT", "resp_1"),
        ("POST", "resp_1"),
        ("POST", "resp_1/input_items"),
        ("GET", "resp_1/cancel"),
        ("GET", "resp_1/cancel/x"),
        ("GET", "..%2Ffiles"),
        ("GET", "resp%0d%0aX-Evil:%20b"),
        ("DELETE", "resp%3Fstream=true"),
    ],
)
def test_what_is_not_offered_is_said_with_what_is(world, method, path):
    gateway, provider = world
    answer = ask(gateway, method, f"/v1/responses/{path}", {} if method != "GET" else None)
    assert answer.status_code == 404
    assert "is not offered" in answer.json()["error"]["message"]
    assert "/v1/responses/{id}/cancel" in answer.json()["error"]["message"]
    assert len(provider.requests) == 0


def test_a_background_answer_is_settled_once_when_it_is_fetched(world, clock):
    gateway, provider = world
    answer, path = started(gateway)
    assert gateway.posted("seen") == 0
    assert ask(gateway, "GET", path).json()["status"] != DONE
    assert gateway.posted("seen") == 0
    clock.advance(ms=2 * LONG_MS)
    assert ask(gateway, "GET", path).json()["status"] == DONE
    once = gateway.posted("seen")
    assert once == sum(entry.nanos for entry in provider.bill) > 0
    assert ask(gateway, "GET", path).json()["status"] == DONE
    assert (gateway.posted("seen"), gateway.open("seen")) == (once, 0)
    attempt = attempt_of(gateway, answer)
    assert "background" in attempt["flags"]
    assert attempt["source"] == "provider"


def test_what_was_made_until_it_was_cancelled_is_settled_and_once(world, clock):
    gateway, provider = world
    answer, path = started(gateway)
    clock.advance(ms=LONG_MS // 2)
    cancelled = ask(gateway, "POST", f"{path}/cancel")
    assert cancelled.json()["status"] == "cancelled"
    assert cancelled.json()["usage"]["output_tokens"] == 10, "half of it"
    once = gateway.posted("seen")
    assert once == provider.bill.nanos > 0
    assert gateway.open("seen") == 0
    for method, tail in (("POST", "/cancel"), ("GET", ""), ("GET", "?stream=true")):
        ask(gateway, method, path + tail)
    assert (gateway.posted("seen"), gateway.open("seen")) == (once, 0)
    assert attempt_of(gateway, answer)["finish"] == "cancelled"


def test_what_was_cancelled_and_does_not_say_what_it_used_stays_unknown(tmp_path):
    with gateway_and_provider(tmp_path, COUNTING, clock=ManualClock()) as (gateway, _):
        answer, path = started(gateway)
        held = gateway.open("seen")
        assert ask(gateway, "POST", f"{path}/cancel").json()["usage"] is None
        assert (gateway.posted("seen"), gateway.open("seen")) == (0, held)
        assert held > 0
        assert attempt_of(gateway, answer)["state"] == "unknown"


def test_what_is_done_already_is_settled_by_a_cancel_that_comes_too_late(world, clock):
    gateway, provider = world
    _, path = started(gateway)
    clock.advance(ms=2 * LONG_MS)
    assert ask(gateway, "POST", f"{path}/cancel").json()["status"] == DONE
    assert gateway.posted("seen") == provider.bill.nanos > 0


def test_an_answer_that_is_followed_is_settled_by_its_last_event(world, clock):
    gateway, provider = world
    answer, path = started(gateway)
    clock.advance(ms=2 * LONG_MS)
    followed = ask(gateway, "GET", f"{path}?stream=true&starting_after=3")
    assert followed.headers["content-type"].startswith("text/event-stream")
    assert "x-farthing-call-id" in followed.headers
    events = events_of(followed)
    assert [event["sequence_number"] for event in events] == list(range(4, 4 + len(events)))
    assert events[-1]["type"] == f"response.{DONE}"
    once = gateway.posted("seen")
    assert once == provider.bill.nanos > 0
    assert ask(gateway, "GET", f"{path}?stream=true").status_code == 200
    assert ask(gateway, "GET", path).json()["status"] == DONE
    assert (gateway.posted("seen"), gateway.open("seen")) == (once, 0)
    assert attempt_of(gateway, answer)["flags"].count("background") == 1


def test_events_come_as_they_are_made_and_whoever_leaves_may_come_again(world, clock):
    gateway, provider = world
    _, path = started(gateway)
    with httpx2.Client(trust_env=False, timeout=30) as client:
        with client.stream("GET", f"{gateway.url}{path}?stream=true") as answer:
            assert b"response.created" in next(answer.iter_raw()), "before it is done"
        assert gateway.posted("seen") == 0
        clock.advance(ms=2 * LONG_MS)
        assert events_of(client.get(f"{gateway.url}{path}?stream=true"))[-1]["type"] == f"response.{DONE}"
    assert gateway.posted("seen") == provider.bill.nanos > 0


def test_a_background_stream_that_broke_is_settled_by_whoever_follows_it(locked, clock):
    """Its first client lost it in the middle; its key may still fetch what was made."""
    gateway, provider = locked
    provider.faults.push("reset_after_events:events=4")
    with pytest.raises(httpx2.RemoteProtocolError):
        ask(gateway, "POST", "/v1/responses", {**BACKGROUND, "stream": True}, **bearer(CALLER))
    (entry,) = provider.bill
    name = entry.response_id
    assert (gateway.posted("seen"), gateway.open("seen") > 0) == (0, True)
    clock.advance(ms=2 * LONG_MS)
    path = f"/v1/responses/{name}?stream=true&starting_after=3"
    assert ask(gateway, "GET", path, **bearer(ADMIN)).status_code == 404
    assert events_of(ask(gateway, "GET", path, **bearer(CALLER)))[-1]["type"] == f"response.{DONE}"
    assert (gateway.posted("seen"), gateway.open("seen")) == (provider.bill.nanos, 0)


def test_a_follower_of_what_is_cancelled_sees_its_stream_end_and_it_is_settled_once(world, clock):
    gateway, provider = world
    _, path = started(gateway)
    with (
        httpx2.Client(trust_env=False, timeout=30) as client,
        client.stream("GET", f"{gateway.url}{path}?stream=true") as stream,
    ):
        pieces = stream.iter_raw()
        next(pieces)
        clock.advance(ms=LONG_MS // 2)
        assert ask(gateway, "POST", f"{path}/cancel").json()["status"] == "cancelled"
        assert "response.incomplete" not in b"".join(pieces).decode()
    assert (gateway.posted("seen"), gateway.open("seen")) == (provider.bill.nanos, 0)


def test_an_answer_that_breaks_while_it_is_followed_is_cut_with_words_and_settles_nothing(world):
    gateway, _ = world
    _, path = started(gateway)
    said = cut_short(f"{gateway.url}{path}?stream=true", {"x-sim-fault": "reset"})
    assert b"upstream_broken" in said
    assert b"when it is fetched" in said
    assert gateway.posted("seen") == 0
    assert gateway.open("seen") > 0


def cut_short(url, headers):
    """What a stream said before it broke."""
    said = []
    with httpx2.Client(trust_env=False, timeout=30) as client, client.stream("GET", url, headers=headers) as stream:
        pieces = stream.iter_raw()
        with pytest.raises(httpx2.RemoteProtocolError):
            said.extend(pieces)
    return b"".join(said)


def test_however_many_fetch_it_at_once_it_is_settled_once(world, clock):
    gateway, provider = world
    _, path = started(gateway)
    clock.advance(ms=2 * LONG_MS)
    ways = [("GET", ""), ("GET", "?stream=true"), ("POST", "/cancel")] * 4
    with ThreadPoolExecutor(len(ways)) as pool:
        answers = list(pool.map(lambda way: ask(gateway, way[0], path + way[1]), ways))
    assert {answer.status_code for answer in answers} == {200}
    assert (gateway.posted("seen"), gateway.open("seen")) == (provider.bill.nanos, 0)


def test_what_is_deleted_is_settled_first_and_what_is_not_done_stays(world, clock):
    gateway, provider = world
    _, path = started(gateway)
    pending = ask(gateway, "DELETE", path)
    assert (pending.status_code, pending.json()["error"]["code"]) == (409, "response_pending")
    assert "Cancel it" in pending.json()["error"]["message"]
    clock.advance(ms=2 * LONG_MS)
    assert ask(gateway, "DELETE", path).json()["deleted"] is True
    assert (gateway.posted("seen"), gateway.open("seen")) == (provider.bill.nanos, 0)
    assert ask(gateway, "GET", path).status_code == 404
    assert ask(gateway, "DELETE", path).status_code == 404


def test_another_tenant_can_do_nothing_with_it(locked, clock):
    gateway, provider = locked
    _, path = started(gateway, **bearer(CALLER))
    clock.advance(ms=2 * LONG_MS)
    asked = [("GET", ""), ("GET", "?stream=true"), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/input_items")]
    for method, tail in asked:
        assert ask(gateway, method, path + tail, **bearer(ADMIN)).status_code == 404
        assert ask(gateway, method, path + tail).status_code == 401
    assert gateway.posted("seen") == 0
    count = {**ASKED, "previous_response_id": path.rpartition("/")[2]}
    assert ask(gateway, "POST", "/v1/responses/input_tokens", count, **bearer(ADMIN)).status_code == 404
    assert ask(gateway, "GET", path, **bearer(CALLER)).json()["status"] == DONE
    assert gateway.posted("seen") == provider.bill.nanos > 0
    assert ask(gateway, "GET", f"{path}/input_items", **bearer(CALLER)).json()["data"][0]["content"] == "hello"


def test_an_answer_of_ones_own_is_fetched_again_without_billing(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET + KEYS) as (gateway, _):
        made = ask(gateway, "POST", "/v1/responses", ASKED, **bearer(CALLER))
        posted = gateway.posted("all")
        again = ask(gateway, "GET", f"/v1/responses/{made.json()['id']}", **bearer(CALLER))
        assert again.json()["output"] == made.json()["output"]
        assert gateway.posted("all") == posted


def test_input_is_counted_free_of_charge_where_its_model_would_go(world):
    gateway, provider = world
    body = {"model": "openai/gpt-4o-mini", "input": "hello there"}
    answer = ask(gateway, "POST", "/v1/responses/input_tokens", body)
    assert (answer.json()["object"], answer.json()["input_tokens"] > 0) == ("response.input_tokens", True)
    assert answer.headers["x-farthing-cost-usd"] == "0"
    (request,) = provider.requests
    assert json.loads(request.body) == {"model": "gpt-4o-mini", "input": "hello there"}
    assert gateway.posted("seen") == gateway.open("seen") == 0
    assert admin(gateway, "GET", "/calls")["calls"] == []


def test_openais_client_finds_all_of_it(world, clock):
    gateway, provider = world
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-test") as client:
        made = client.responses.create(**BACKGROUND)
        assert client.responses.input_tokens.count(model="gpt-4o-mini", input="hello").input_tokens > 0
        assert client.responses.input_items.list(made.id).data[0].content == "hello"
        clock.advance(ms=2 * LONG_MS)
        *_, last = client.responses.retrieve(made.id, stream=True, starting_after=2)
        assert last.response.usage.output_tokens == 20
        assert gateway.posted("seen") == provider.bill.nanos > 0
        client.responses.delete(made.id)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(made.id)
        other = client.responses.create(**BACKGROUND)
        assert client.responses.cancel(other.id).status == "cancelled"
    assert (gateway.posted("seen"), gateway.open("seen")) == (provider.bill.nanos, 0)
