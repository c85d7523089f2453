"""What a hostile caller tries, as a table: lies in headers, lies in bodies, and odd spellings, each with what it may get."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

PAID = {200, 402}
"""Served until the money is gone."""
SERVED = {200}
REFUSED = {402}
BAD = {400}


class Attack(NamedTuple):
    """One kind of request, sent many times at once. `headers` gets the number of the request, to invent something new."""

    name: str
    statuses: set[int]
    """Exactly these, over all the requests."""
    body: Mapping[str, Any] = MappingProxyType({})
    headers: Callable[[int], dict[str, str]] = lambda number: {}
    dialect: str = "chat"


def said(name: str, value: str) -> Callable[[int], dict[str, str]]:
    """A header with `#` standing for the request's number."""
    return lambda number: {name: value.replace("#", f"{number:032x}")}


HEADERS = (
    Attack("another's team in our header", PAID, headers=said("x-farthing-labels", "team=victim")),
    Attack("a team that is nobody's", PAID, headers=said("x-farthing-labels", "team=invented-#")),
    Attack("two teams in one header", BAD, headers=said("x-farthing-labels", "team=own,team=victim")),
    Attack("the account of nobody", BAD, headers=said("x-farthing-labels", "team=(none)")),
    Attack("the account of the others", BAD, headers=said("x-farthing-labels", "user=(other)")),
    Attack("a new user each time", PAID, headers=said("x-farthing-labels", "user=u#")),
    Attack("a new run each time", PAID, headers=said("x-farthing-labels", "run=r#")),
    Attack("a new user and run each time", PAID, headers=said("x-farthing-labels", "user=u#,run=r#,agent=a#")),
    Attack("a user that looks like the victim's", PAID, headers=said("x-farthing-labels", "user=victim")),
    Attack("baggage", PAID, headers=said("baggage", "farthing.team=victim,farthing.user=u#")),
    Attack("Claude Code's session", PAID, headers=said("x-claude-code-session-id", "#")),
    Attack("Codex's session", PAID, headers=said("session_id", "#")),
    Attack("Codex's turn", PAID, headers=said("x-codex-turn-metadata", '{"agent_name":"victim","team":"victim"}')),
    Attack("a trace", PAID, headers=said("traceparent", "00-#-00f067aa0ba902b7-01")),
    Attack("an address behind a proxy", PAID, headers=said("x-forwarded-for", "127.0.0.1")),
    Attack("a forwarded request", PAID, headers=said("forwarded", "for=127.0.0.1;host=localhost")),
    Attack("a key's name in the other header", PAID, headers=said("x-api-key", "victim")),
    Attack("a key in Google's header", PAID, headers=said("x-goog-api-key", "victim")),
    Attack("our own answers' headers", PAID, headers=said("x-farthing-cost-usd", "0")),
    Attack("a call's id of its own", PAID, headers=said("x-farthing-call-id", "call_0000000000001")),
    Attack("a budget by name", PAID, headers=said("x-farthing-budget", "the victim")),
    Attack("an organisation of the provider", PAID, headers=said("openai-organization", "org-victim")),
    Attack("another method", PAID, headers=said("x-http-method-override", "GET")),
    Attack("no patience at all", PAID, headers=said("x-stainless-timeout", "0.001")),
    Attack("endless patience", PAID, headers=said("x-stainless-timeout", "1e308")),
    Attack("a new idempotency key each time", PAID, headers=said("idempotency-key", "k#")),
    Attack("an empty idempotency key", BAD, headers=said("idempotency-key", "")),
    Attack("a retry, says the client", PAID, headers=said("x-stainless-retry-count", "#")),
    Attack("Codex, says the client", {200, 400}, headers=said("originator", "codex_cli_rs")),
    Attack("an answer that fails once it is billed", {500, 402}, headers=said("x-sim-fault", "error:status=500,billed=true")),
    Attack("an answer that says no usage", PAID, headers=said("x-sim-fault", "no_usage")),
    Attack("an answer that breaks off", {502, 402}, headers=said("x-sim-fault", "reset_mid_body")),
)  # fmt: skip

BODIES = (
    Attack("the client's own user", PAID, {"user": "victim"}),
    Attack("a safety identifier", PAID, {"safety_identifier": "victim"}),
    Attack("metadata", PAID, {"metadata": {"team": "victim", "farthing.team": "victim"}}),
    Attack("Anthropic's user", PAID, {"metadata": {"user_id": "victim"}, "cap": 40}, dialect="messages"),
    Attack("metadata of a response", PAID, {"metadata": {"team": "victim"}, "user": "victim"}, dialect="responses"),
    Attack("eight choices", REFUSED, {"n": 8}),
    Attack("eight short choices", PAID, {"n": 8, "cap": 20}),
    Attack("eight short choices, streamed", PAID, {"n": 8, "cap": 20, "stream": True}),
    Attack("a million choices", BAD, {"n": 1_000_000}),
    Attack("no choice", BAD, {"n": 0}),
    Attack("half a choice", BAD, {"n": 1.5}),
    Attack("a huge cap", PAID, {"cap": 16_000}),
    Attack("a cap beyond the model", PAID, {"cap": 10**9}),
    Attack("a cap beyond any number", BAD, {"cap": 10**30}),
    Attack("a tiny cap", SERVED, {"cap": 1}),
    Attack("no cap", PAID, {"cap": None}),
    Attack("a cap of nothing", BAD, {"cap": 0}),
    Attack("a negative cap", BAD, {"cap": -5}),
    Attack("a cap in words", BAD, {"cap": "120"}),
    Attack("a cap that is true", BAD, {"cap": True}),
    Attack("a cap with a point", BAD, {"cap": 1.5}),
    Attack("two caps", BAD, {"cap": 1, "max_completion_tokens": 5_000}),
    Attack("a cap of another dialect", REFUSED, {"max_output_tokens": 1}),
    Attack("a prediction", PAID, {"prediction": {"type": "content", "content": "word " * 40}, "cap": 20}),
    Attack("a cache of its own", PAID, {"prompt_cache_key": "victim", "prompt_cache_retention": "24h"}),
    Attack("the fast lane", REFUSED, {"service_tier": "priority", "model": "gpt-4o", "cap": 60}),
    Attack("the slow lane", PAID, {"service_tier": "flex"}),
    Attack("no usage, please", PAID, {"stream": True, "stream_options": {"include_usage": False}}),
    Attack("a web search", REFUSED, {"web_search_options": {}}),
    Attack("sound", PAID, {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}),
    Attack("a picture from elsewhere", REFUSED, {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/x.png"}}]}]}),
    Attack("a price of its own", REFUSED, {"farthing": {"cost": 0}, "price": 0, "cost_usd": 0, "api_base": "http://127.0.0.1:9", "base_url": "http://127.0.0.1:9"}),
    Attack("a response in the background", REFUSED, {"background": True}, dialect="responses"),
    Attack("somebody's conversation", REFUSED, {"conversation": "conv_victim"}, dialect="responses"),
    Attack("the provider in the model's name", PAID, {"model": "openai/gpt-4o-mini"}),
    Attack("a provider that is not there", REFUSED, {"model": "victim/gpt-4o-mini"}),
    Attack("the model in capitals", PAID, {"model": "GPT-4O-MINI"}),
    Attack("the model with its date", PAID, {"model": "gpt-4o-mini-2024-07-18"}),
    Attack("the model with a date of its own", REFUSED, {"model": "gpt-4o-mini-2099-01-01"}),
    Attack("the model with a space", REFUSED, {"model": " gpt-4o-mini"}),
    Attack("a model nobody knows", REFUSED, {"model": "gpt-free"}),
    Attack("a model called nothing", BAD, {"model": ""}),
    Attack("a model that is a list", BAD, {"model": ["gpt-4o-mini"]}),
    Attack("one-hour cache writes", PAID, {"cap": 20, "system": [{"type": "text", "text": "word " * 20, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, dialect="messages"),
    Attack("thinking", REFUSED, {"model": "claude-sonnet-4-6", "cap": 2_000, "thinking": {"type": "enabled", "budget_tokens": 1_024}}, dialect="messages"),
    Attack("many embeddings in one", PAID, {"input": ["word " * 200] * 10}, dialect="embeddings"),
    Attack("embeddings as tokens", PAID, {"input": [[1] * 400] * 5}, dialect="embeddings"),
    Attack("a short response", PAID, {"cap": 60}, dialect="responses"),
    Attack("a short message, streamed", PAID, {"cap": 40, "stream": True}, dialect="messages"),
)  # fmt: skip
