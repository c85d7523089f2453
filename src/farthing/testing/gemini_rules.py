"""Gemini requests: the rules they must keep, in Google's own words, and how much the model thinks."""

import re
from typing import Any

from farthing.testing.errors import Rejected
from farthing.testing.models import Model
from farthing.testing.names import names

Body = dict[str, Any]

_KNOWN = names(
    "contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent model serviceTier store"
)
_CONFIG = names(
    "candidateCount stopSequences maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty "
    "responseMimeType responseSchema responseJsonSchema responseLogprobs logprobs responseModalities speechConfig "
    "thinkingConfig imageConfig mediaResolution enableEnhancedCivicAnswers"
)
_PARTS = names(
    "text thought thoughtSignature inlineData fileData functionCall functionResponse executableCode codeExecutionResult "
    "videoMetadata mediaResolution partMetadata"
)
_CALLERS = names("args response responseSchema responseJsonSchema parameters parametersJsonSchema")
"""Fields whose content is the caller's own."""
_WORD = re.compile(r"(?<=[A-Za-z0-9])_([a-z0-9])")
_THINKING_RANGE = {
    "gemini-2.5-pro": (128, 32_768),
    "gemini-2.5-flash-lite": (512, 24_576),
    "gemini-2.5-flash": (1, 24_576),
}
_LEVELS = {"minimal": 16, "low": 32, "medium": 64, "high": 128}
_DYNAMIC_THINKING = 64
"""Tokens the model thinks when it may choose: ours to decide, the same every time."""


def camel(value: Any) -> Any:
    """Google takes `max_output_tokens` for `maxOutputTokens`; what the caller names himself stays."""
    if isinstance(value, list):
        return [camel(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    spelled = {_WORD.sub(lambda found: found[1].upper(), key): inner for key, inner in value.items()}
    return {key: inner if key in _CALLERS else camel(inner) for key, inner in spelled.items()}


def check(body: Body, name: str, model: Model) -> None:
    """The rules of a request for this model. Raises Rejected."""
    _refuse_unknown(body, _KNOWN, "")
    config = config_of(body)
    _refuse_unknown(config, _CONFIG, "generation_config")
    contents = body.get("contents")
    if not contents:
        raise Rejected("* GenerateContentRequest.contents: contents is not specified\n")
    for at, content in enumerate(contents):
        _check_content(content, at)
    _check_turns(contents)
    _check_signatures(contents, name)
    _check_cap(config, model)
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    if calling.get("allowedFunctionNames") and calling.get("mode") not in ("ANY", "VALIDATED"):
        raise Rejected("Allowed function names should be set only when function calling mode is ANY.")


def config_of(body: Body) -> Body:
    config: Body = body.get("generationConfig") or {}
    return config


def thinking(body: Body, name: str, model: Model) -> int:
    """How many tokens the model thinks: a part of its budget, the same every time. Raises Rejected."""
    asked = config_of(body).get("thinkingConfig") or {}
    if not model.reasons:
        if asked:
            raise Rejected("Thinking is not supported for this model.")
        return 0
    budget, level = asked.get("thinkingBudget"), str(asked.get("thinkingLevel") or "").lower()
    if level:
        return _by_level(level, budget, name)
    if budget is None or budget == -1:
        return _DYNAMIC_THINKING
    low, high = next((known for prefix, known in _THINKING_RANGE.items() if name.startswith(prefix)), (1, 65_536))
    if budget == 0:
        if name.startswith("gemini-2.5-pro"):
            raise Rejected("Budget 0 is invalid. This model only works in thinking mode.")
        return 0
    if not low <= budget <= high:
        raise Rejected(f"The thinking budget {budget} is invalid. Please choose a value between {low} and {high}.")
    return max(1, int(budget) // 8)


def levelled(name: str) -> bool:
    """Gemini 3 and later: levels of thinking, ids of calls, and signatures that must come back."""
    return re.match(r"gemini-[3-9]", name) is not None


def _by_level(level: str, budget: Any, name: str) -> int:
    if budget is not None:
        raise Rejected("You can only set only one of thinking budget and thinking level.")
    if not levelled(name):
        raise Rejected("Thinking level is not supported for this model.")
    if level not in _LEVELS:
        raise Rejected(f"Invalid value at 'generation_config.thinking_config.thinking_level', \"{level}\"")
    return _LEVELS[level]


def _refuse_unknown(holder: Body, known: frozenset[str], where: str) -> None:
    unknown = next((key for key in holder if key not in known), None)
    if unknown is not None:
        at = f" at '{where}'" if where else ""
        raise Rejected(f'Invalid JSON payload received. Unknown name "{unknown}"{at}: Cannot find field.')


def _check_content(content: Any, at: int) -> None:
    if not isinstance(content, dict) or not content.get("parts"):
        raise Rejected(f"* GenerateContentRequest.contents[{at}].parts: contents.parts must not be empty.\n")
    if content.get("role") not in (None, "user", "model", "function"):
        raise Rejected("Please use a valid role: user, model.")
    for number, part in enumerate(content["parts"]):
        _refuse_unknown(part, _PARTS, f"contents[{at}].parts[{number}]")
        if not any(key in part for key in _PARTS - {"thought", "videoMetadata", "partMetadata", "mediaResolution"}):
            raise Rejected(
                f"* GenerateContentRequest.contents[{at}].parts[{number}].data: required oneof field 'data' must have one "
                "initialized field\n"
            )


def _check_turns(contents: list[Body]) -> None:
    """Each turn of calls is answered by a turn of as many results."""
    for at, content in enumerate(contents):
        calls = _count(content, "functionCall")
        if calls and at == 0:
            raise Rejected(
                "Please ensure that function call turn comes immediately after a user turn or after a function response "
                "turn."
            )
        results = _count(contents[at + 1], "functionResponse") if at + 1 < len(contents) else 0
        if calls and calls != results:
            raise Rejected(
                "Please ensure that the number of function response parts is equal to the number of function call parts "
                "of the function call turn."
            )
        if _count(content, "functionResponse") and not (at and _count(contents[at - 1], "functionCall")):
            raise Rejected("Please ensure that function response turn comes immediately after a function call turn.")


def _check_signatures(contents: list[Body], name: str) -> None:
    """The first call of each step since the user last spoke comes back with the signature of its thoughts."""
    if not levelled(name):
        return
    spoke = max(
        (
            at
            for at, each in enumerate(contents)
            if each.get("role") != "model" and not _count(each, "functionResponse")
        ),
        default=0,
    )
    for at, content in enumerate(contents[spoke:], spoke):
        first = next((part for part in content["parts"] if part.get("functionCall")), None)
        if first is not None and not first.get("thoughtSignature"):
            called = first["functionCall"].get("name")
            raise Rejected(
                f"Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
                f"correctly. Additional data, function call `default_api:{called}` , position {at + 1}."
            )


def _check_cap(config: Body, model: Model) -> None:
    cap = config.get("maxOutputTokens")
    if cap is not None and (not isinstance(cap, int) or isinstance(cap, bool)):
        raise Rejected(f"Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32), \"{cap}\"")
    if cap is not None and not 1 <= cap <= model.max_output:
        raise Rejected(
            f"Unable to submit request because it has a maxOutputTokens value of {cap} but the supported range is from 1 "
            f"(inclusive) to {model.max_output + 1} (exclusive). Update the value and try again."
        )


def _count(content: Body, kind: str) -> int:
    return sum(1 for part in content["parts"] if part.get(kind))
