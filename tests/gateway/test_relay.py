"""What bills nothing: lists of models, token counts, and answers fetched again, each settled once and by its own tenant."""

import pytest

from farthing.testing import ManualClock, Settings
from support.admin import ADMIN, BUDGET, CALLER, KEYS, admin, ask, bearer
from support.gateway import gateway_and_provider

COUNTING = '[[budgets]]\nname = "seen"\nlimit = "1 USD"\nhard = "off"\n'
BACKGROUND = {"model": "gpt-4o-mini", "input": "hello", "background": True, "max_output_tokens": 20}
DONE = "incomplete"  # it has said all that its cap allows
ANTHROPIC = {"anthropic_version": "2023-06-01"}


def test_models_are_the_dialects_own(gateway):
    openai = ask(gateway, "GET", "/v1/models").json()
    assert openai["object"] == "list"
    anthropic = ask(gateway, "GET", "/v1/models?limit=2", **ANTHROPIC).json()
    assert "has_more" in anthropic
    one = ask(gateway, "GET", f"/v1/models/{openai['data'][0]['id']}")
    assert one.json()["id"] == openai["data"][0]["id"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/..%2Ffiles",
        "/v1/models/%2e%2e/files",
        "/v1/models/a%0d%0aX-Evil:%20b",
        "/v1/models/a%3Fkey=b",
        "/v1/modelsfoo",
        "/v1/models/",
        "/v1/models/a b",
        "/v1/responses/",
        "/v1/responses/resp_1/input_items",
        "/v1/responses/..%2Ffiles",
        "/v1/responses/resp%0d%0aX-Evil:%20b",
        "/v1/responses/resp%3Fstream=true",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused_by_us(one_gateway, path):
    answer = ask(one_gateway, "GET", path)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(("only /v1/", "GET /v1/"))


def test_a_count_is_free_and_goes_where_its_model_would(both):
    gateway, provider = both
    body = {"model": "anthropic/claude-haiku-4-5", "messages": [{"role": "user", "content": "hello"}]}
    answer = ask(gateway, "POST", "/v1/messages/count_tokens", body, **ANTHROPIC)
    assert answer.json()["input_tokens"] > 0
    (request,) = provider.requests
    assert b'"claude-haiku-4-5"' in request.body
    assert gateway.posted("all") == gateway.open("all") == 0
    assert admin(gateway, "GET", "/calls")["calls"] == []


def test_a_background_answer_is_settled_once_when_it_is_fetched(tmp_path):
    clock = ManualClock()
    with gateway_and_provider(tmp_path, COUNTING, settings=Settings(background_ms=1_000), clock=clock) as (
        gateway,
        provider,
    ):
        started = ask(gateway, "POST", "/v1/responses", BACKGROUND)
        assert started.json()["status"] in ("queued", "in_progress")
        path = f"/v1/responses/{started.json()['id']}"
        assert gateway.posted("seen") == 0
        assert ask(gateway, "GET", path).json()["status"] != DONE
        assert gateway.posted("seen") == 0
        clock.advance(ms=2_000)
        assert ask(gateway, "GET", path).json()["status"] == DONE
        once = gateway.posted("seen")
        assert once == sum(entry.nanos for entry in provider.bill) > 0
        assert ask(gateway, "GET", path).json()["status"] == DONE
        assert gateway.posted("seen") == once
        assert gateway.open("seen") == 0
        record = admin(gateway, "GET", f"/calls/{started.headers['x-farthing-call-id']}")
    assert "background" in record["attempts"][0]["flags"]
    assert record["attempts"][0]["source"] == "provider"


def test_another_tenant_can_neither_read_nor_settle(tmp_path):
    clock = ManualClock()
    with gateway_and_provider(tmp_path, COUNTING + KEYS, settings=Settings(background_ms=1), clock=clock) as (
        gateway,
        _,
    ):
        started = ask(gateway, "POST", "/v1/responses", BACKGROUND, **bearer(CALLER))
        path = f"/v1/responses/{started.json()['id']}"
        clock.advance(ms=1_000)
        gateway.flush()
        assert ask(gateway, "GET", path, **bearer(ADMIN)).status_code == 404
        assert gateway.posted("seen") == 0
        assert ask(gateway, "GET", path, **bearer(CALLER)).json()["status"] == DONE
        assert gateway.posted("seen") > 0
        assert ask(gateway, "GET", path, **bearer(ADMIN)).status_code == 404


def test_an_answer_of_ones_own_is_fetched_again_without_billing(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET + KEYS) as (gateway, _):
        body = {"model": "gpt-4o-mini", "input": "hello", "max_output_tokens": 20}
        made = ask(gateway, "POST", "/v1/responses", body, **bearer(CALLER))
        posted = gateway.posted("all")
        again = ask(gateway, "GET", f"/v1/responses/{made.json()['id']}", **bearer(CALLER))
        assert again.json()["output"] == made.json()["output"]
        assert gateway.posted("all") == posted
