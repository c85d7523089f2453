"""Gemini's `usageMetadata` in the canonical form.

`promptTokenCount` is the whole prompt, cached or not. Thoughts are billed as output and stand beside `candidatesTokenCount`,
not in it; results of tools that Google ran are input beside the prompt. Google writes no field that is zero, so what is
missing is zero wherever the total agrees. https://ai.google.dev/api/generate-content, `UsageMetadata`.
"""

import msgspec

from farthing.domain.usage import Usage

_ABSURD = 1 << 40
"""No answer has this many tokens; counts beyond it are a fault, and would only make sums overflow later."""

Count = int | None


class _Modality(msgspec.Struct, frozen=True, rename="camel"):
    modality: str = ""
    token_count: Count = None


class Reported(msgspec.Struct, frozen=True, rename="camel"):
    """`usageMetadata` as Google writes it. None: not said."""

    prompt_token_count: Count = None
    cached_content_token_count: Count = None
    candidates_token_count: Count = None
    thoughts_token_count: Count = None
    tool_use_prompt_token_count: Count = None
    total_token_count: Count = None
    prompt_tokens_details: tuple[_Modality, ...] | None = None
    cache_tokens_details: tuple[_Modality, ...] | None = None
    candidates_tokens_details: tuple[_Modality, ...] | None = None
    tool_use_prompt_tokens_details: tuple[_Modality, ...] | None = None

    @property
    def made(self) -> int:
        """Output tokens so far, thoughts included."""
        return (self.candidates_token_count or 0) + (self.thoughts_token_count or 0)


def read_reported(raw: bytes) -> Reported:
    """Raises msgspec.ValidationError, which names the field, when a count is not a whole number."""
    return _decode(raw)


_decode = msgspec.json.Decoder(Reported).decode


def merged(first: Reported | None, then: Reported) -> Reported:
    """Two reports of one stream. Each is of the answer so far, so the last word on each count holds; its last chunk leaves
    out some that an earlier one had."""
    if first is None:
        return then
    names = Reported.__struct_fields__
    return Reported(
        **{name: getattr(first, name) if getattr(then, name) is None else getattr(then, name) for name in names}
    )


def canonical(reported: Reported, *, searches: int = 0, observed: bool = False) -> tuple[Usage | None, str]:
    """The canonical usage, or None with the reason why the report cannot be believed.

    `searches` are on the bill; `observed`: the answer has output, whatever it says.
    """
    prompt, tools = reported.prompt_token_count or 0, reported.tool_use_prompt_token_count or 0
    thoughts = reported.thoughts_token_count or 0
    usage = Usage(
        input_tokens=prompt + tools,
        output_tokens=_output(reported, prompt + tools),
        cache_read_input_tokens=reported.cached_content_token_count or 0,
        reasoning_output_tokens=thoughts,
        audio_input_tokens=_heard(reported.prompt_tokens_details) + _heard(reported.tool_use_prompt_tokens_details),
        cached_audio_input_tokens=_heard(reported.cache_tokens_details),
        audio_output_tokens=_heard(reported.candidates_tokens_details),
        web_search_requests=searches,
    )
    if any((count or 0) < 0 for count in (prompt, tools, reported.candidates_token_count)):
        return None, "usageMetadata counts fewer than no tokens"
    if flaw := usage.flaw():
        return None, flaw
    if not usage.input_tokens:
        return None, "usageMetadata says zero input tokens, which no answer has"
    if observed and not usage.output_tokens:
        return None, "usageMetadata says zero output tokens beside output"
    if max(usage.input_tokens, usage.output_tokens, searches) > _ABSURD:
        return None, "usageMetadata counts more tokens than any answer has"
    return usage, ""


def _output(reported: Reported, taken_in: int) -> int:
    """Thoughts and candidates together.

    Where candidates are left out, the total has them. Where the total leaves no room for thoughts beside the candidates,
    they are counted among these: some of Google's endpoints have done so.
    """
    candidates, thoughts = reported.candidates_token_count, reported.thoughts_token_count or 0
    rest = None if reported.total_token_count is None else reported.total_token_count - taken_in
    if candidates is None:
        return max(thoughts, rest or 0)
    return candidates if thoughts and rest == candidates and candidates >= thoughts else candidates + thoughts


def _heard(details: tuple[_Modality, ...] | None) -> int:
    return sum(each.token_count or 0 for each in details or () if each.modality == "AUDIO")
