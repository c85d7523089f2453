"""A coding agent's session of 116 kB bodies under one dollar: it finishes, because bounds tighten when money is short."""

import json
from collections import Counter

import httpx2
import pytest

from farthing.domain.money import parse_usd
from support.claude_code import TURNS, body, first_messages, grown, model_answer
from support.gateway import gateway_and_provider
from support.simulated import ANTHROPIC, events_of

MODEL = "claude-sonnet-4-5"


def dollar(bound):
    return f'[[budgets]]\nname = "session"\nlimit = "1 USD"\nbound = "{bound}"\n'


def session(gateway, provider, turns=TURNS):
    """Play it to its end or to the first refusal: the statuses, and the records of what was sent."""
    messages, statuses, records = first_messages(), [], []
    provider.script.push(*(model_answer(turn) for turn in range(turns)))
    with httpx2.Client(trust_env=False, timeout=60) as client:
        for turn in range(turns):
            sent = json.dumps(body(messages, MODEL)).encode()
            answer = client.post(f"{gateway.url}/v1/messages?beta=true", content=sent, headers=ANTHROPIC)
            statuses.append(answer.status_code)
            records.append(gateway.record(answer.headers["x-farthing-call-id"]))
            if answer.status_code != 200:
                break
            events = events_of(answer.text)
            uses = [data["content_block"] for _, data in events if data["type"] == "content_block_start"]
            messages = grown(messages, next(block["id"] for block in uses if block["type"] == "tool_use"), turn)
    return statuses, records


def test_the_first_body_is_as_large_as_a_real_one():
    assert 114_000 < len(json.dumps(body(first_messages(), MODEL))) < 120_000


@pytest.mark.slow
def test_a_session_of_116_kb_bodies_finishes_under_one_dollar(tmp_path, capsys):
    with gateway_and_provider(tmp_path, dollar("auto")) as (gateway, provider):
        statuses, records = session(gateway, provider)
        posted, left_open = gateway.posted("session"), gateway.open("session")
        billed = provider.bill.nanos
    assert statuses == [200] * TURNS
    assert posted == billed < parse_usd("1")
    assert left_open == 0
    attempts = [record.attempts[0] for record in records]
    bounds = Counter(attempt.opening.bound for attempt in attempts)
    with capsys.disabled():
        print(f"\nbounds used: {dict(bounds)}")
    assert bounds["provider"] > 0, "bytes did not fit, and the provider's own count did"
    assert all(attempt.usage.input_tokens <= attempt.opening.input_bound for attempt in attempts)
    assert attempts[-1].usage.cache_read_input_tokens > 20_000, "the session is one that caches"


@pytest.mark.slow
def test_bytes_alone_would_have_refused_it(tmp_path):
    with gateway_and_provider(tmp_path, dollar("strict")) as (gateway, provider):
        statuses, records = session(gateway, provider)
    assert statuses[-1] == 402
    assert len(statuses) < TURNS
    assert {attempt.opening.bound for record in records for attempt in record.attempts} == {"bytes"}
