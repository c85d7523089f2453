"""Usage as Chat Completions and its imitators report it, in the canonical form.

`prompt_tokens` and `completion_tokens` are totals: cached, audio and reasoning tokens are parts of them and are never
added. (https://platform.openai.com/docs/api-reference/chat/object, `usage`.) Two kinds of imitators leave a part out of
its total, and give themselves away in `total_tokens`.
"""

import msgspec

from farthing.domain.usage import Usage

_ABSURD = 1 << 40
"""No answer has this many tokens; counts beyond it are a fault, and would only make sums overflow later."""

Count = int | None


class _Prompt(msgspec.Struct, frozen=True, gc=False):
    cached_tokens: Count = None
    cache_write_tokens: Count = None
    audio_tokens: Count = None


class _Completion(msgspec.Struct, frozen=True, gc=False):
    reasoning_tokens: Count = None
    audio_tokens: Count = None
    # rejected_prediction_tokens are inside completion_tokens already


class Reported(msgspec.Struct, frozen=True, gc=False):
    """`usage` as it is written. None: not said, which is not zero."""

    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    prompt_tokens_details: _Prompt | None = None
    completion_tokens_details: _Completion | None = None
    prompt_cache_hit_tokens: Count = None
    """DeepSeek's name for cached tokens."""
    cached_tokens: Count = None
    """Moonshot's."""
    cache_read_input_tokens: Count = None
    """Of gateways in front of Anthropic, as is the next."""
    cache_creation_input_tokens: Count = None


_decode = msgspec.json.Decoder(Reported).decode
_NO_PROMPT, _NO_COMPLETION = _Prompt(), _Completion()


def read_usage(raw: bytes, *, saw_output: bool = False) -> tuple[Usage | None, str]:
    """The canonical usage from the JSON of `usage`, or None with the reason why it cannot be believed.

    `saw_output`: the answer has output, whatever its usage says.
    """
    reported, flaw = read_reported(raw)
    return believed(reported, saw_output=saw_output) if reported is not None else (None, flaw)


def read_reported(raw: bytes) -> tuple[Reported | None, str]:
    """The JSON of `usage` as it is written, or None with the reason ("" for null)."""
    if raw == b"null":
        return None, ""
    try:
        return _decode(raw), ""
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return None, f"usage cannot be read: {error}"


def believed(reported: Reported, *, saw_output: bool = False) -> tuple[Usage | None, str]:
    """As `read_usage`, of what is decoded already."""
    if reported.completion_tokens is None:
        return None, "usage.completion_tokens is missing"
    return canonical(reported, saw_output=saw_output)


def usual(reported: Reported) -> Usage | None:
    """What `believed` says of usage as nearly all answers report it: text in and out that adds up to its total, with nothing
    but cached and reasoning tokens as parts. None for any other, which may be right all the same."""
    prompt, completion = reported.prompt_tokens, reported.completion_tokens
    inputs, outputs = reported.prompt_tokens_details, reported.completion_tokens_details
    if not prompt or not completion or prompt + completion != reported.total_tokens:
        return None
    if inputs is None or outputs is None or inputs.audio_tokens or outputs.audio_tokens or inputs.cache_write_tokens:
        return None
    if reported.prompt_cache_hit_tokens or reported.cached_tokens:
        return None
    if reported.cache_read_input_tokens or reported.cache_creation_input_tokens:
        return None
    cached, reasoning = inputs.cached_tokens or 0, outputs.reasoning_tokens or 0
    if not (0 <= cached <= prompt <= _ABSURD and 0 <= reasoning <= completion <= _ABSURD):
        return None
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cache_read_input_tokens=cached,
        reasoning_output_tokens=reasoning,
    )


def canonical(reported: Reported, *, saw_output: bool = False) -> tuple[Usage | None, str]:
    """As `believed`; for embeddings, which have no output, `completion_tokens` may be missing."""
    prompt, completion = reported.prompt_tokens, reported.completion_tokens or 0
    if prompt is None:
        return None, "usage.prompt_tokens is missing"
    if not prompt:
        return None, "usage says zero prompt tokens, which no answer has"
    if saw_output and not completion:
        return None, "usage says zero completion tokens beside output"
    usage = _with_parts(reported, prompt, completion)
    if usage.input_tokens > _ABSURD or usage.output_tokens > _ABSURD:
        return None, "usage counts more tokens than any answer has"
    flaw = usage.flaw()
    return (None, flaw) if flaw else (usage, "")


def _with_parts(reported: Reported, prompt: int, completion: int) -> Usage:
    inputs = reported.prompt_tokens_details or _NO_PROMPT
    outputs = reported.completion_tokens_details or _NO_COMPLETION
    cached = (
        inputs.cached_tokens
        or reported.prompt_cache_hit_tokens
        or reported.cached_tokens
        or reported.cache_read_input_tokens
        or 0
    )
    written = inputs.cache_write_tokens or reported.cache_creation_input_tokens or 0
    reasoning = outputs.reasoning_tokens or 0
    beyond = (reported.total_tokens or 0) - prompt - completion
    if beyond > 0:
        if beyond != reasoning and beyond == cached + written:
            prompt += beyond  # cached tokens were left out of the prompt's total
        else:
            completion += beyond  # reasoning was left out of the completion's (xAI; Gemini even leaves it unnamed)
            reasoning = max(reasoning, beyond)
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cache_read_input_tokens=cached,
        cache_write_input_tokens=written,
        reasoning_output_tokens=reasoning,
        audio_input_tokens=inputs.audio_tokens or 0,
        audio_output_tokens=outputs.audio_tokens or 0,
    )


def tier_served(tier: object) -> str:
    """The tier that is billed, from the answer's `service_tier`: "", `flex`, `priority` or `batch`."""
    return SERVED.get(tier, "") if type(tier) is str else ""


SERVED = {"flex": "flex", "priority": "priority", "fast": "priority", "batch": "batch"}
