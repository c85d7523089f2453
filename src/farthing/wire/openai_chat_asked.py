"""What a Chat Completions request asks for, as far as it decides about money: caps, choices, tier, and what has no bound."""

from collections.abc import Iterator
from typing import Any

from farthing.domain.errors import BadRequest
from farthing.wire.dialect import Asked
from farthing.wire.fields import boolean, listed, mapping, needed_text, text, whole, wrong
from farthing.wire.gathered import Gathered, utf8_length
from farthing.wire.openai_attribution import attribution
from farthing.wire.openai_chat_prompt import gather_prompt, template_tokens
from farthing.wire.openai_models import always_searches

MAX_CAP = 2**31 - 1
MAX_CHOICES = 128
"""The most that OpenAI accepts as `n`."""

_OWN = frozenset(
    {
        *(
            "audio",
            "frequency_penalty",
            "function_call",
            "functions",
            "logit_bias",
            "logprobs",
            "max_completion_tokens",
        ),
        *("max_tokens", "messages", "metadata", "modalities", "model", "moderation", "n", "parallel_tool_calls"),
        *("prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
        *(
            "reasoning_effort",
            "response_format",
            "safety_identifier",
            "seed",
            "service_tier",
            "stop",
            "store",
            "stream",
        ),
        *("stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity"),
    }
)
_COMPATIBLE = frozenset(
    {
        *("chat_template_kwargs", "enable_thinking", "guided_choice", "guided_grammar", "guided_json", "guided_regex"),
        *("ignore_eos", "include_reasoning", "length_penalty", "mirostat", "mirostat_eta", "mirostat_tau", "min_p"),
        *("min_tokens", "num_ctx", "prompt_truncate_len", "provider", "random_seed", "reasoning", "reasoning_format"),
        *("repetition_penalty", "safe_prompt", "session_id", "skip_special_tokens", "stop_token_ids", "thinking"),
        *("top_a", "top_k", "transforms", "truncate_prompt_tokens", "typical_p", "usage"),
    }
)
"""Fields of compatible servers that cost nothing beside the tokens under the cap."""
_UNDERSTOOD = _OWN | _COMPATIBLE
"""Any other field counts as uncapped. Some are known to bill: `web_search_options`, `plugins`, `search_parameters` and
`enable_search` search for a fee, `models` and `fallbacks` let another model answer."""

_PROMPTING = frozenset({"chat_template_kwargs", "guided_grammar", "guided_json", "reasoning_effort", "verbosity"})
"""Settings whose value may reach the prompt."""

_TIERS = {"default": "", "standard": "", "scale": "", "flex": "flex", "priority": "priority", "fast": "priority"}
_NO_EFFORT = frozenset({None, "none"})


def read_asked(body: dict[str, Any], found: Gathered) -> Asked:
    """Fill `found` and state the facts. Raises BadRequest naming the field."""
    model = needed_text(body, "model")
    gather_settings(found, body, model)
    gather_prompt(found, body, model)
    stream = boolean(body, "stream") or False
    thinking = whole(mapping(body, "reasoning") or {}, "max_tokens", "reasoning", low=0, high=MAX_CAP)
    return Asked(
        model=model,
        stream=stream,
        cap=cap_of(body),
        choices=whole(body, "n", high=MAX_CHOICES) or 1,
        thinking=thinking or None,
        reasons=_reasons(body),
        text_bytes=found.bytes(),
        overhead_tokens=found.overhead,
        template_tokens=template_tokens(body, model),
        media=tuple(found.media),
        predicted_bytes=_predicted(body),
        pointers=tuple(found.pointers),
        uncapped=tuple(found.uncapped),
        tier=tier_of(body),
        cache_ttl=max(found.ttls, key=("5m", "1h").index, default=""),
        audio_output="audio" in (listed(body, "modalities") or ()),
        wants_usage=wants_usage(body) or not stream,
        attribution=attribution(body),
    )


def gather_settings(found: Gathered, body: dict[str, Any], model: str) -> None:
    """Add the settings that reach the prompt, and note those that bill beyond the cap."""
    if always_searches(model):
        found.uncapped.append("model")
    if "prompt_cache_options" in body:
        found.ttls.add("5m")
    for key, value in body.items():
        if key in _UNDERSTOOD:
            if key in _PROMPTING and value is not None:
                found.json(value)
        elif value is not None and value is not False and value != []:
            found.json(value)
            found.uncapped.append(key)


def cap_of(body: dict[str, Any]) -> int | None:
    """The output cap, whichever of its two names it has. Two different ones are refused: who knows which one counts?"""
    older = whole(body, "max_tokens", high=MAX_CAP)
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


def wants_usage(body: dict[str, Any]) -> bool:
    """Whether a streaming client asked to see usage."""
    return boolean(mapping(body, "stream_options") or {}, "include_usage", "stream_options") or False


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
