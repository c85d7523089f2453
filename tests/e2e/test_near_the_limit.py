"""What budgets do before their limit, against a provider that keeps the makers' rules and caches as they do."""

import anthropic
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from farthing.testing import Reply
from support.gateway import gateway_and_provider

MARK = {"type": "ephemeral"}
PAGE = "A line of the manual that every step reads again. " * 300
"""Some 3,000 tokens, which every cache takes."""
STEPS = 5
HINT_TOKENS = 80
"""More than a hint has."""
INPUT_PICOS = 3_000_000
"""A token of claude-sonnet-4-6 that is neither read from its cache nor written to it."""


def budget(*acts, limit="1 USD", **more):
    lines = "".join(f"{name} = {value}\n" for name, value in more.items())
    soft = f"soft = [{{ at = 0.000001, do = {list(acts)} }}]\n".replace("'", '"') if acts else ""
    return f'[[budgets]]\nname = "all"\nlimit = "{limit}"\n{soft}{lines}'


def marked_by_block(page):
    return {"system": [{"type": "text", "text": page, "cache_control": MARK}]}


def marked_as_a_whole(page):
    return {"system": page, "extra_body": {"cache_control": MARK}}


def converse(url, more):
    """A conversation whose last message always carries the client's breakpoint, or whose body does."""
    client, messages = Anthropic(base_url=url, api_key="sk", max_retries=0), []
    for step in range(STEPS):
        text = {"type": "text", "text": f"Step {step}: " + "go on; " * 60}
        if "extra_body" not in more:
            text["cache_control"] = MARK
            for message in messages:
                if message["role"] == "user":
                    message["content"][0].pop("cache_control", None)
        messages.append({"role": "user", "content": [text]})
        answer = client.messages.create(model="claude-sonnet-4-6", max_tokens=60, messages=messages, **more)
        messages.append({"role": "assistant", "content": answer.content[0].text})


@pytest.mark.parametrize("marks", [marked_by_block, marked_as_a_whole])
def test_a_hint_costs_its_own_tokens_and_keeps_every_cached_prefix(marks, tmp_path):
    bills, costs = {}, {}
    for acts in ((), ("hint",)):
        folder = tmp_path / f"{len(acts)}"
        folder.mkdir()
        with gateway_and_provider(folder, budget(*acts), script=lambda _: Reply(text="Done.")) as (gateway, provider):
            converse(gateway.url, marks(PAGE))
            bills[acts] = [entry.usage for entry in provider.bill]
            costs[acts] = sum(entry.picos for entry in provider.bill)
    plain, hinted = bills.values()
    assert [u.cache_read_input_tokens for u in hinted] == [u.cache_read_input_tokens for u in plain]
    assert all(h.cache_write_input_tokens <= p.cache_write_input_tokens for h, p in zip(hinted, plain, strict=True))
    assert all(0 < h.input_tokens - p.input_tokens < HINT_TOKENS for h, p in zip(hinted[1:], plain[1:], strict=True))
    assert costs["hint",] < costs[()] + STEPS * HINT_TOKENS * INPUT_PICOS


def chat(url, **more):
    client = OpenAI(base_url=f"{url}/v1", api_key="sk", max_retries=0)
    return client.chat.completions.with_raw_response.create(messages=[{"role": "user", "content": "Hi."}], **more)


def responses(url, **more):
    client = OpenAI(base_url=f"{url}/v1", api_key="sk", max_retries=0)
    return client.responses.with_raw_response.create(input="Hi.", **more)


def messages(url, **more):
    client = Anthropic(base_url=url, api_key="sk", max_retries=0)
    return client.messages.with_raw_response.create(messages=[{"role": "user", "content": "Hi."}], **more)


CLAMPED = {
    "chat": (chat, {"model": "gpt-4o"}, "0.02"),
    "chat that reasons": (chat, {"model": "gpt-5", "reasoning_effort": "high"}, "0.02"),
    "chat with an old cap": (chat, {"model": "gpt-4o", "max_tokens": 9_000}, "0.02"),
    "responses": (responses, {"model": "gpt-4o"}, "0.02"),
    "responses that reason": (responses, {"model": "gpt-5", "reasoning": {"effort": "high"}}, "0.02"),
    "messages": (messages, {"model": "claude-haiku-4-5", "max_tokens": 9_000}, "0.02"),
    "messages that think": (
        messages,
        {"model": "claude-haiku-4-5", "max_tokens": 9_000, "thinking": {"type": "enabled", "budget_tokens": 8_000}},
        "0.02",
    ),
    "messages that think as they like": (
        messages,
        {"model": "claude-opus-4-6", "max_tokens": 9_000, "thinking": {"type": "adaptive"}},
        "0.06",
    ),
}


def caps_until_refused(send, url, asked):
    """What `x-farthing-output-cap` says of each answer, until a 402."""
    for _ in range(400):
        try:
            yield send(url, **asked).headers.get("x-farthing-output-cap", "")
        except (openai.APIStatusError, anthropic.APIStatusError) as refused:
            if refused.status_code == 402:
                return
            raise
    raise AssertionError("the money was never gone")


@pytest.mark.parametrize(("send", "asked", "limit"), CLAMPED.values(), ids=CLAMPED)
def test_a_clamped_call_is_one_that_the_provider_takes_until_the_money_is_gone(send, asked, limit, tmp_path):
    """With a floor of one token the cap falls as far as it can; then the answer is a refusal of ours, never the maker's."""
    with gateway_and_provider(tmp_path, budget(limit=f"{limit} USD", floor=1)) as (gateway, provider):
        told = [*caps_until_refused(send, gateway.url, asked)]
        assert any("clamped" in cap for cap in told)
        assert sum(entry.nanos for entry in provider.bill) == gateway.posted("all")
        assert {entry.status for entry in provider.bill} == {200}


def test_a_downgraded_and_shortened_call_is_told_and_billed_as_what_it_became(tmp_path):
    more = '[tiers]\nsmall = ["gpt-4o-mini"]\nlarge = ["gpt-4o"]\n' + budget("downgrade", "shorten")
    with gateway_and_provider(tmp_path, more) as (gateway, provider):
        first, second = (chat(gateway.url, model="gpt-4o", max_tokens=1_000) for _ in range(2))
        assert "x-farthing-acts" not in first.headers
        assert second.headers["x-farthing-acts"] == "downgraded, shortened"
        assert second.headers["x-farthing-model"] == "gpt-4o-mini"
        assert second.headers["x-farthing-output-cap"] == "500; clamped"
        assert [entry.model for entry in provider.bill] == ["gpt-4o", "gpt-4o-mini"]
        assert gateway.posted("all") == sum(entry.nanos for entry in provider.bill)
        (attempt,) = gateway.record(second.headers["x-farthing-call-id"]).attempts
        assert attempt.flags == ("downgraded", "shortened")
