"""A hostile caller gets not one token beyond the budgets bound to its key, whatever it says, sends or breaks off.

One gateway for all attacks; every attack has a key and a team of its own, so each begins with the whole budget. After it
the rest is spent honestly: had the attack gained anything, the provider's bill would be above the limit.
"""

import json
from functools import partial

import httpx2
import pytest

from farthing.domain.budget import NOBODY, OTHERS
from support.callers import ROUTES, at_once, gateway_before, held, provider_of, request_of, send
from support.hasty import PATHS, eventually
from support.hostile import BODIES, HEADERS
from support.rawclient import CHAT, RawClient, first_status, request

pytestmark = pytest.mark.slow  # a minute in all

LIMIT = 500_000
"""Nano-dollars for each key's team: six chat calls, two messages."""
AT_ONCE = 16
ATTACKS = (*HEADERS, *BODIES)
MORE = 60
"""Keys for the other attacks here, and for the victims."""
BUDGETS = """
[[budgets]]
name = "each team"
each = "team"
limit = "0.0005 USD"

[[budgets]]
name = "each user"
each = "user"
limit = "1 USD"

[[budgets]]
name = "each run"
window = "run"
limit = "1 USD"

[[budgets]]
name = "the victim"
match = { team = "victim" }
limit = "1 USD"

[[budgets]]
name = "house"
calls = 1_000_000
"""
KEY = """
[[keys]]
name = "{name}"
secret = "{name}-secret-that-is-long-enough-to-be-one"
labels = {{ team = "{name}" }}
may_set = [{may_set}]
max_values = 3
"""


def secret(name):
    return f"{name}-secret-that-is-long-enough-to-be-one"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    keys = [KEY.format(name="victim", may_set="")]
    keys += [
        KEY.format(name=f"hostile-{number}", may_set='"user", "run"' if number % 2 else "")
        for number in range(2 * len(ATTACKS) + MORE)
    ]
    with (
        provider_of() as provider,
        gateway_before(provider, tmp_path_factory.mktemp("hostile"), BUDGETS + "".join(keys)) as gateway,
    ):
        yield gateway, provider


class Hostile:
    """One key of a hostile caller, and what became of its team's budget."""

    def __init__(self, both, number):
        self.gateway, self.provider = both
        self.name = f"hostile-{number}"
        self.key = secret(self.name)
        self.provider.reset()

    def send(self, dialect="chat", **more):
        return send(self.gateway.url, dialect, key=self.key, **more)

    def count(self):
        """Anthropic's free count of tokens."""
        body = {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "hello"}]}
        headers = {"authorization": f"Bearer {self.key}", "anthropic-version": "2023-06-01"}
        with httpx2.Client(trust_env=False) as client:
            return client.post(f"{self.gateway.url}/v1/messages/count_tokens", json=body, headers=headers)

    def standing(self, budget="each team"):
        """Posted, and open (held or unknown), on this team's own account."""
        self.gateway.flush()
        own = [each for each in self.gateway.engine.records.accounts(budget) if each.account.value == self.name]
        return sum(each.posted for each in own), sum(each.held + each.unknown for each in own)

    def gained_nothing(self):
        """Spend what is left as an honest caller would, and hold both accounts against each other and the limit."""
        eventually(lambda: held(self.gateway) == 0, "all has ended")
        for cap in (120, 20):
            while self.send(cap=cap).status_code == 200:
                assert len(self.provider.bill) < 200
        eventually(lambda: all(entry.outcome != "running" for entry in self.provider.bill), "the bill is made up")
        posted, open_ = self.standing()
        assert all(entry.nanos is not None for entry in self.provider.bill), "everything that was served has a price"
        assert self.provider.bill.nanos <= posted + open_ <= LIMIT
        assert posted + open_ > LIMIT - 30_000, "and the rest could be used"
        assert posted == self.provider.bill.nanos or open_ > 0
        assert untouched(self.gateway)


def untouched(gateway):
    """Nothing was ever charged to a victim, to a team nobody has, or past a key's count of values."""
    accounts = gateway.engine.records.accounts()
    known = {f"hostile-{number}" for number in range(2 * len(ATTACKS) + MORE)}
    teams = {each.account.value for each in accounts if each.account.budget == "each team"}
    return teams <= known and not [each for each in accounts if each.account.budget == "the victim"]


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_no_lie_buys_more_than_the_budget(both, attack):
    number = 2 * ATTACKS.index(attack) + 1
    hostile = Hostile(both, number)
    tries = [partial(hostile.send, attack.dialect, headers=attack.headers(n), **attack.body) for n in range(AT_ONCE)]
    assert {answer.status_code for answer in at_once(tries)} == attack.statuses
    hostile.gained_nothing()


@pytest.mark.parametrize("attack", HEADERS[:12], ids=[attack.name for attack in HEADERS[:12]])
def test_a_key_that_may_set_nothing_chooses_no_account_by_what_it_says(both, attack):
    hostile = Hostile(both, 2 * ATTACKS.index(attack))
    before = {each.account for each in hostile.gateway.engine.records.accounts()}
    for number in range(4):
        hostile.send(headers=attack.headers(number))
    hostile.gained_nothing()
    made = {each.account for each in hostile.gateway.engine.records.accounts()} - before
    assert {(account.budget, account.value, account.window) for account in made} <= {
        ("each team", hostile.name, "lifetime"),
        ("each user", NOBODY, "lifetime"),
        ("each run", "", f"run:{NOBODY}"),
        ("house", "", "lifetime"),
    }


NUMBERS = iter(range(2 * len(ATTACKS), 2 * len(ATTACKS) + MORE))


@pytest.fixture
def hostile(both):
    """A key that no test has used yet; its callers may set users and runs."""
    return Hostile(both, next(number for number in NUMBERS if number % 2))


@pytest.fixture
def neighbour(both):
    return Hostile(both, next(NUMBERS))


def test_everything_at_once_on_all_doors_shares_one_budget(hostile):
    """Every attack of the tables in the same moment, all with one key."""
    tries = [
        partial(hostile.send, attack.dialect, headers=attack.headers(number), **attack.body)
        for number, attack in enumerate(ATTACKS)
    ]
    assert {answer.status_code for answer in at_once(tries)} >= {200, 400, 402}
    hostile.gained_nothing()


def test_a_key_makes_no_more_accounts_than_it_may(hostile):
    for number in range(12):
        labels = f"user={hostile.name}-u{number},run={hostile.name}-r{number}"
        assert hostile.send(headers={"x-farthing-labels": labels}, cap=1).status_code == 200
    hostile.gateway.flush()
    accounts = [each.account for each in hostile.gateway.engine.records.accounts()]
    users = [account.value for account in accounts if account.budget == "each user"]
    runs = [account.window for account in accounts if account.budget == "each run"]
    assert sorted(user for user in users if hostile.name in user) == [
        f"{hostile.name}-u{number}" for number in range(3)
    ]
    assert sorted(run for run in runs if hostile.name in run) == [
        f"run:{hostile.name}-r{number}" for number in range(3)
    ]
    assert OTHERS in users
    assert f"run:{OTHERS}" in runs
    hostile.gained_nothing()


# What belongs to others


def test_another_tenants_idempotency_key_gets_no_answer_of_theirs(hostile, neighbour):
    theirs = neighbour.send(headers={"idempotency-key": "shared"})
    before = neighbour.standing()
    got = at_once([partial(hostile.send, headers={"idempotency-key": "shared"})] * 8)
    assert {answer.status_code for answer in got} == {200}
    assert {answer.json()["id"] for answer in got}.isdisjoint({theirs.json()["id"]})
    assert len(hostile.provider.bill) == 2, "one for each tenant, however often they ask"
    assert neighbour.standing() == before
    hostile.provider.bill.clear()
    assert hostile.standing()[0] == before[0]


def test_another_tenants_answer_can_be_neither_fetched_nor_gone_on_from(hostile, neighbour):
    theirs = neighbour.send("responses", cap=20).json()["id"]
    before = neighbour.standing()
    hostile.provider.reset()
    with httpx2.Client(trust_env=False) as client:
        got = client.get(
            f"{hostile.gateway.url}/v1/responses/{theirs}", headers={"authorization": f"Bearer {hostile.key}"}
        )
    assert got.status_code == 404
    assert hostile.send("responses", previous_response_id=theirs).status_code == 402, "it is bounded by the window"
    assert len(hostile.provider.requests) == 0
    hostile.gained_nothing()
    assert neighbour.standing() == before


NO_KEYS = [
    *["", "victim", "hostile-1", "sk-provider-openai", "fk_victim_x", "null", secret("victim")[:-1], secret("victim") + "x"],
    secret("victim").upper(), f"{secret('victim')},{secret('victim')}",
]  # fmt: skip


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "x-goog-api-key"])
@pytest.mark.parametrize("shown", NO_KEYS, ids=range(len(NO_KEYS)))
def test_what_is_no_key_opens_no_door(both, shown, header):
    gateway, provider = both
    provider.reset()
    value = f"Bearer {shown}".strip() if header == "authorization" else shown
    with httpx2.Client(trust_env=False) as client:
        for dialect in (*PATHS, "embeddings"):
            got = client.post(f"{gateway.url}{ROUTES[dialect]}", json=request_of(dialect), headers={header: value})
            assert got.status_code == 401
        assert client.get(f"{gateway.url}/v1/models", headers={header: value}).status_code == 401
        counted = client.post(f"{gateway.url}/v1/messages/count_tokens", json={}, headers={header: value})
        assert counted.status_code == 401
    assert len(provider.requests) == 0


# Other doors


def raw(hostile, *headers, **more):
    own = b"Authorization: Bearer " + hostile.key.encode()
    last = () if UPGRADE[0] in headers else (b"Connection: close",)
    return first_status(hostile.gateway.port, request(own, *last, *headers, **more))[0]


UPGRADE = (b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")  # fmt: skip
DOORS = [
    *[(b"POST", path) for path in (b"/v1/completions", b"/v1/images/generations", b"/v1/audio/speech", b"/v1/moderations", b"/v1/realtime/sessions", b"/v1/batches", b"/v1/files", b"/v1/messages/batches", b"/v1beta/models/gemini-2.5-pro:embedContent", b"/chat/completions", b"/v1/chat/completions/", b"//v1/chat/completions", b"/v1/../v1/chat/completions", b"/openai/v1/chat/completions")],
    *[(method, b"/v1/chat/completions") for method in (b"GET", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"PROPFIND")],
    *[(b"POST", b"/farthing/v1/" + path) for path in (b"budgets", b"budgets/each%20team/raise", b"keys", b"approvals", b"alerts", b"calls")],
    *[(b"GET", b"/farthing/v1/" + path) for path in (b"budgets", b"keys", b"calls", b"reports")],
    (b"DELETE", b"/farthing/v1/budgets/each%20team"), (b"CONNECT", b"127.0.0.1:9"), (b"POST", b"/_sim/reset"), (b"GET", b"/_sim/bill"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), DOORS, ids=[f"{m.decode()} {p.decode()}" for m, p in DOORS])
def test_no_other_door_leads_to_a_provider_or_to_the_budgets(both, method, path):
    gateway, provider = both
    hostile = Hostile(both, 1)
    before = gateway.engine.rules, gateway.engine.keys
    assert raw(hostile, method=method, path=path) in {400, 401, 403, 404, 405, 501}
    assert len(provider.requests) == 0
    assert (gateway.engine.rules, gateway.engine.keys) == before


@pytest.mark.parametrize("path", [b"/v1/realtime", b"/v1/responses", b"/v1/chat/completions", b"/v1/messages"])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_a_web_socket_is_no_way_round(hostile, path, method):
    if method == b"GET":
        assert raw(hostile, *UPGRADE, method=method, path=path, body=b"") in {400, 404, 405, 426}
        assert len(hostile.provider.requests) == 0
    else:
        assert raw(hostile, *UPGRADE, path=path) in {200, 400, 404}
    hostile.gained_nothing()


def test_a_target_with_an_address_of_its_own_is_governed_here(hostile):
    assert raw(hostile, path=b"http://127.0.0.1:9/v1/chat/completions") in {200, 400}
    hostile.gained_nothing()


def test_free_requests_stay_free_and_touch_nothing(hostile):
    for _ in range(5):
        assert hostile.count().status_code == 200
        assert raw(hostile, method=b"GET", path=b"/v1/models", body=b"") == 200
    assert hostile.standing() == (0, 0)
    assert len(hostile.provider.bill) == 0


TWICE = {
    "two of our headers": ((b"x-farthing-labels: user=a", b"x-farthing-labels: team=victim"), {200, 400}),
    "two keys": ((b"Authorization: Bearer victim",), {400}),
    "two hosts": ((b"Host: elsewhere",), {400}),
    "two lengths": ((b"Content-Length: 3",), {400}),
    "a length and chunks": ((b"Transfer-Encoding: chunked",), {400}),
    "two kinds of body": ((b"Content-Type: text/plain",), {200, 400, 415}),
    "two idempotency keys": ((b"Idempotency-Key: a", b"Idempotency-Key: b"), {200, 400}),
    "an underscore for a dash": ((b"x_farthing_labels: team=victim",), {200, 400}),
    "a packed body": ((b"Content-Encoding: gzip",), {400, 415}),
}


@pytest.mark.parametrize("name", TWICE)
def test_what_is_said_twice_or_ambiguously_gains_nothing(hostile, name):
    headers, statuses = TWICE[name]
    assert raw(hostile, *headers) in statuses
    hostile.gained_nothing()


BODIES_TWICE = [
    b'{"model":"gpt-4o-mini","max_tokens":1,"max_tokens":16000,"messages":[{"role":"user","content":"x"}]}',
    b'{"model":"gpt-4o-mini","max_tokens":9,"n":1,"n":8,"messages":[{"role":"user","content":"x"}]}',
    b'{"model":"gpt-4o-mini","model":"gpt-4o","max_tokens":9,"messages":[{"role":"user","content":"x"}]}',
    b'{"model":"gpt-4o-mini","max_tokens":1,"max\\u005ftokens":16000,"messages":[{"role":"user","content":"x"}]}',
]


@pytest.mark.parametrize("body", BODIES_TWICE)
def test_a_field_that_is_there_twice_is_not_read_one_way_and_sent_another(hostile, body):
    status = raw(hostile, body=body)
    sent = [json.loads(request.body) for request in hostile.provider.requests]
    assert status in {200, 400}
    for outbound in sent:
        assert (outbound.get("n", 1), outbound["model"]) in {(1, "gpt-4o-mini"), (8, "gpt-4o-mini"), (1, "gpt-4o")}
    hostile.gained_nothing()


# Leaving


STREAM = json.dumps(
    {"model": "gpt-4o-mini", "max_tokens": 120, "stream": True, "messages": [{"role": "user", "content": "hello"}]}
).encode()


def leave(hostile, place):
    """Send a call and leave: inside the request, at once, or after some bytes of the answer."""
    body = STREAM if place % 2 else CHAT
    data = request(b"Authorization: Bearer " + hostile.key.encode(), b"Connection: close", body=body)
    with RawClient(hostile.gateway.port) as client:
        client.send(data[:-5] if place % 5 == 4 else data)
        left = 300 * (place % 7)
        while place % 5 != 4 and left > 0 and (piece := client.socket.recv(min(left, 256))):
            left -= len(piece)
        client.reset()


def test_leaving_again_and_again_is_not_free(hostile):
    hostile.provider.faults.push(*["slow:seconds=0.002"] * 200)
    for _ in range(3):
        at_once([partial(leave, hostile, place) for place in range(16)])
    eventually(lambda: all(entry.outcome != "running" for entry in hostile.provider.bill), "all has ended")
    assert len(hostile.provider.bill) > 0
    hostile.gained_nothing()


# Without keys


STRANGERS = {
    "another host": (b"Host: farthing.example", ()),
    "a host that begins like ours": (b"Host: 127.0.0.1.example", ()),
    "a host with a path": (b"Host: localhost/x", ()),
    "no host": (None, ()),
    "another origin": (b"Host: 127.0.0.1", (b"Origin: https://evil.example",)),
    "an origin of nobody": (b"Host: 127.0.0.1", (b"Origin: null",)),
    "an origin that begins like ours": (b"Host: 127.0.0.1", (b"Origin: http://localhost.evil.example",)),
    "a page of another site": (b"Host: 127.0.0.1", (b"Sec-Fetch-Site: cross-site",)),
    "a page of the same site": (b"Host: 127.0.0.1", (b"Sec-Fetch-Site: same-site",)),
    "forwarded for somebody": (b"Host: 127.0.0.1", (b"X-Forwarded-For: 127.0.0.1",)),
    "forwarded": (b"Host: 127.0.0.1", (b"Forwarded: for=127.0.0.1",)),
    "a real address": (b"Host: 127.0.0.1", (b"X-Real-IP: 127.0.0.1",)),
    "two hosts": (b"Host: 127.0.0.1", (b"Host: 127.0.0.1",)),
}
GOVERNED = [(b"POST", b"/v1/" + path) for path in (b"chat/completions", b"responses", b"messages", b"embeddings", b"messages/count_tokens")]  # fmt: skip


@pytest.fixture(scope="module")
def keyless(tmp_path_factory):
    with (
        provider_of() as provider,
        gateway_before(provider, tmp_path_factory.mktemp("keyless"), BUDGETS) as gateway,
    ):
        yield gateway, provider


@pytest.mark.parametrize("who", STRANGERS)
def test_without_keys_no_stranger_gets_in_at_any_door(keyless, who):
    gateway, provider = keyless
    host, headers = STRANGERS[who]
    for method, path in (*GOVERNED, (b"GET", b"/v1/models"), (b"GET", b"/v1/responses/resp_1")):
        data = request(
            b"Connection: close", *headers, method=method, path=path, host=host, body=CHAT if method == b"POST" else b""
        )
        assert first_status(gateway.port, data)[0] in {400, 403}
    assert len(provider.requests) == 0
    gateway.flush()
    assert gateway.engine.records.accounts() == ()


@pytest.mark.parametrize("kind", [b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data", b""])
def test_without_keys_a_form_of_a_page_is_not_a_call(keyless, kind):
    gateway, provider = keyless
    for method, path in GOVERNED:
        data = request(b"Connection: close", method=method, path=path).replace(
            b"Content-Type: application/json", b"Content-Type: " + kind
        )
        assert first_status(gateway.port, data)[0] in {400, 403, 415}
    assert len(provider.requests) == 0
