"""What a Responses request asks for, as far as it decides about money: cap, reasoning, tier, and what has no bound."""

from collections.abc import Iterator
from typing import Any

from farthing.wire.dialect import Asked
from farthing.wire.fields import as_mapping, boolean, listed, mapping, needed_text, text, whole, wrong
from farthing.wire.gathered import Gathered
from farthing.wire.openai.attribution import attribution
from farthing.wire.openai.chat_asked import MAX_CAP, tier_of

SMALLEST_CAP = 16
"""The least that OpenAI accepts as `max_output_tokens` ("Create a model response")."""

_OTHER_CAPS = ("max_tokens", "max_completion_tokens")
"""Caps of other dialects. A provider that honours one of them would not honour the one we reserve for."""

_UNDERSTOOD = frozenset(
    {
        *(
            "access_programs",
            "background",
            "background_options",
            "client_metadata",
            "context_management",
            "conversation",
        ),
        *("image", "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "model"),
        *("moderation", "parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key"),
        *("prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store"),
        *("stream", "stream_options", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p"),
        *("truncation", "user"),
    }
)
"""Fields whose effect on the bill is known. Any other counts as uncapped."""


def asked_of(body: dict[str, Any], found: Gathered) -> Asked:
    """The facts of a body whose prompt and tools have been gathered. Raises BadRequest naming the field."""
    for other in _OTHER_CAPS:
        if body.get(other) is not None:
            raise wrong(other, "left out: the output cap of this API is `max_output_tokens`")
    found.uncapped.extend(_unbounded(body))
    found.pointers[:0] = _elsewhere(body)
    return Asked(
        model=needed_text(body, "model"),
        stream=boolean(body, "stream") or False,
        cap=whole(body, "max_output_tokens", high=MAX_CAP),
        smallest_cap=SMALLEST_CAP,
        reasons=_reasons(body),
        text_bytes=found.bytes(),
        overhead_tokens=found.overhead,
        media=tuple(found.media),
        pointers=tuple(found.pointers),
        previous=text(body, "previous_response_id") or "",
        uncapped=tuple(found.uncapped),
        uncapped_kind=found.uncapped_kind(),
        searches=found.searches,
        rounds=found.searches + 1 if found.server_tools else 1,
        tier=tier_of(body),
        cache_ttl=_cache_ttl(body, found),
        attribution=attribution(body),
    )


def _reasons(body: dict[str, Any]) -> bool:
    effort = text(mapping(body, "reasoning") or {}, "effort", "reasoning")
    return effort not in {None, "none"}


def _unbounded(body: dict[str, Any]) -> Iterator[str]:
    """Fields that bill beyond what we can bound."""
    if boolean(body, "background"):
        yield "background"
    for index, entry in enumerate(listed(body, "context_management") or ()):
        as_mapping(entry, f"context_management[{index}]")
        yield f"context_management[{index}]"  # compaction runs the model again, without a cap of its own
    if text(mapping(body, "reasoning") or {}, "mode", "reasoning") not in {None, "standard"}:
        yield "reasoning.mode"  # `pro` runs the model several times
    for key, value in body.items():
        if key not in _UNDERSTOOD and value is not None:
            yield key


def _elsewhere(body: dict[str, Any]) -> Iterator[str]:
    """Fields whose content OpenAI holds."""
    if text(body, "previous_response_id"):
        yield "previous_response_id"
    conversation = body.get("conversation")
    if conversation is not None:
        if type(conversation) is not str:
            needed_text(as_mapping(conversation, "conversation"), "id", "conversation")
        yield "conversation"
    if mapping(body, "prompt") is not None:
        yield "prompt.id"


def _cache_ttl(body: dict[str, Any], found: Gathered) -> str:
    """Writes that live for half an hour have one price with Anthropic's of five minutes, and those for twelve with its hour."""
    options = mapping(body, "prompt_cache_options")
    if options is not None:
        found.ttls.add("1h" if text(options, "ttl", "prompt_cache_options") == "12h" else "5m")
    return max(found.ttls, key=("5m", "1h").index, default="")
