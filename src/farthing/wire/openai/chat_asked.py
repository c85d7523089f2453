"""What a Chat Completions request asks for, as far as it decides about money: caps, choices, tier, and what has no bound."""

from collections.abc import Callable, Iterator
from typing import Any

from farthing.domain.errors import BadRequest
from farthing.wire.dialect import Asked
from farthing.wire.fields import boolean, listed, mapping, needed_text, text, whole, wrong
from farthing.wire.gathered import Gathered, utf8_length
from farthing.wire.openai.attribution import attribution
from farthing.wire.openai.chat_prompt import AROUND_MESSAGES, gather_prompt
from farthing.wire.openai.models import said_by

MAX_CAP = 2**31 - 1
MAX_CHOICES = 128
"""The most that OpenAI accepts as `n`."""

_SILENT = (
    *("frequency_penalty", "logit_bias", "logprobs", "messages", "model", "moderation", "parallel_tool_calls"),
    *("presence_penalty", "prompt_cache_key", "prompt_cache_retention", "seed", "stop", "store", "temperature"),
    *("top_logprobs", "top_p", "audio"),
)
"""OpenAI's fields that say nothing about money beside what the prompt and the caps say."""
_COMPATIBLE = (
    *("guided_choice", "guided_regex", "ignore_eos", "include_reasoning", "length_penalty", "min_p", "min_tokens"),
    *("mirostat", "mirostat_eta", "mirostat_tau", "num_ctx", "prompt_truncate_len", "provider", "random_seed"),
    *("reasoning_format", "repetition_penalty", "safe_prompt", "session_id", "skip_special_tokens", "stop_token_ids"),
    *("top_a", "top_k", "transforms", "truncate_prompt_tokens", "typical_p", "usage"),
)
"""Fields of compatible servers that cost nothing beside the tokens under the cap."""

_TIERS = {"default": "", "standard": "", "scale": "", "flex": "flex", "priority": "priority", "fast": "priority"}
_NO_EFFORT = frozenset({None, "none"})


def read_asked(body: dict[str, Any], found: Gathered) -> Asked:
    """Fill `found` and state the facts. Raises BadRequest naming the field.

    A fact is read only where the body has one of its fields, so what a call does not say costs it nothing.
    """
    model = needed_text(body, "model")
    said: dict[str, Any] = {"model": model}
    for key, value in body.items():
        if key in _SAYS_NOTHING:
            continue
        for fact in _FACTS_OF.get(key) or _gather_unknown(found, key, value):
            said[fact] = _READERS[fact](body)
    name = said_by(model)
    gather_prompt(found, body, name)
    if name.always_searches:
        found.uncapped.insert(0, "model")
    if "prompt_cache_options" in body:
        found.ttls.add("5m")
    if found.ttls:
        said["cache_ttl"] = max(found.ttls, key=("5m", "1h").index)
    if found.media:
        said["media"] = tuple(found.media)
    if found.pointers:
        said["pointers"] = tuple(found.pointers)
    if found.uncapped:
        said["uncapped"], said["uncapped_kind"] = tuple(found.uncapped), found.uncapped_kind()
    said["text_bytes"], said["overhead_tokens"] = found.bytes(), found.overhead
    return Asked(**said)


def _gather_unknown(found: Gathered, key: str, value: Any) -> tuple[()]:
    """Any field that is not understood counts as uncapped, and as prompt. Some are known to bill: `web_search_options`,
    `plugins`, `search_parameters` and `enable_search` search for a fee, `models` and `fallbacks` let another model answer."""
    if value is not None and value is not False and value != []:
        found.json(value)
        found.uncapped.append(key)
    return ()


def cap_of(body: dict[str, Any]) -> int | None:
    """The output cap, whichever of its two names it has. Two different ones are refused: who knows which one counts?"""
    older = whole(body, "max_tokens", high=MAX_CAP)
    if "max_completion_tokens" not in body:
        return older
    newer = whole(body, "max_completion_tokens", high=MAX_CAP)
    if older is not None and newer is not None and older != newer:
        raise BadRequest(
            f"Two conflicting caps: max_tokens is {older} and max_completion_tokens is {newer}. Send one of them.",
            field="max_completion_tokens",
            code="conflicting_caps",
        )
    return newer if older is None else older


def tier_of(body: dict[str, Any]) -> str:
    """The tier whose price may apply. A tier that is not known may be a dearer one, like `auto`."""
    asked = text(body, "service_tier")
    return "" if asked is None else _TIERS.get(asked, "auto")


def _choices(body: dict[str, Any]) -> int:
    return whole(body, "n", high=MAX_CHOICES) or 1


def _streams(body: dict[str, Any]) -> bool:
    return boolean(body, "stream") or False


def _wants_usage(body: dict[str, Any]) -> bool:
    """Whether the client is to see usage: one that streams has to ask for it."""
    options = mapping(body, "stream_options")
    asked = options is not None and boolean(options, "include_usage", "stream_options")
    return asked or not boolean(body, "stream")


def _thinking(body: dict[str, Any]) -> int | None:
    return whole(mapping(body, "reasoning") or {}, "max_tokens", "reasoning", low=0, high=MAX_CAP) or None


def _audio_output(body: dict[str, Any]) -> bool:
    return "audio" in (listed(body, "modalities") or ())


def _reasons(body: dict[str, Any]) -> bool:
    """Whether the body turns reasoning on: OpenAI's effort, OpenRouter's `reasoning`, DeepSeek's and Qwen's switches."""
    if text(body, "reasoning_effort") not in _NO_EFFORT or boolean(body, "enable_thinking"):
        return True
    if (thinking := mapping(body, "thinking")) is not None:
        return thinking.get("type") != "disabled"
    reasoning = mapping(body, "reasoning")
    if reasoning is None:
        return False
    return reasoning.get("enabled") is not False and reasoning.get("effort") != "none"


def _predicted(body: dict[str, Any]) -> int:
    prediction = mapping(body, "prediction")
    if prediction is None:
        return 0
    return sum(map(utf8_length, _predicted_texts(prediction.get("content"))))


def _predicted_texts(content: object) -> Iterator[str]:
    if type(content) is str:
        yield content
    elif type(content) is list and all(type(part) is dict and type(part.get("text")) is str for part in content):
        yield from (part["text"] for part in content)
    else:
        raise wrong("prediction.content", "a string or a list of text parts")


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "attribution": attribution,
    "audio_output": _audio_output,
    "cap": cap_of,
    "choices": _choices,
    "predicted_bytes": _predicted,
    "reasons": _reasons,
    "stream": _streams,
    "thinking": _thinking,
    "tier": tier_of,
    "wants_usage": _wants_usage,
}
"""How each fact of `Asked` is read from the body, whichever of its fields are there."""

_FACTS_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("max_tokens", "max_completion_tokens"), ("cap",)),
    **dict.fromkeys(("user", "safety_identifier", "metadata"), ("attribution",)),
    **dict.fromkeys(("reasoning_effort", "enable_thinking", "thinking"), ("reasons",)),
    "modalities": ("audio_output",),
    "n": ("choices",),
    "prediction": ("predicted_bytes",),
    "reasoning": ("reasons", "thinking"),
    "service_tier": ("tier",),
    "stream": ("stream", "wants_usage"),
    "stream_options": ("wants_usage",),
}
"""The facts on which each field bears. A field that is neither here nor says nothing is not understood."""

_SAYS_NOTHING = frozenset({*_SILENT, *_COMPATIBLE, *AROUND_MESSAGES, "prompt_cache_options"}) - _FACTS_OF.keys()
"""Fields that are understood and bear on no fact of `Asked` by themselves."""
