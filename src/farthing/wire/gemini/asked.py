"""What a Gemini request asks for, as far as it decides about money: cap, candidates, thinking, and what has no bound."""

from collections.abc import Iterator
from typing import Any

from farthing.domain.errors import BadRequest
from farthing.wire.dialect import Asked
from farthing.wire.fields import boolean, listed, mapping, path, text, whole, wrong
from farthing.wire.gathered import Gathered

MAX_CAP = 2**31 - 1

_OTHER_CAPS = ("maxCompletionTokens", "maxTokens", "maxOutputTokens")
"""Caps of other dialects, and this one's where it has no effect. Google would not honour the one we reserve for."""
_UNDERSTOOD = frozenset(
    {
        *("cachedContent", "contents", "generationConfig", "labels", "model", "safetySettings", "serviceTier", "store"),
        *("systemInstruction", "toolConfig", "tools"),
    }
)
_UNDERSTOOD_CONFIG = frozenset(
    {
        *("audioTimestamp", "candidateCount", "enableEnhancedCivicAnswers", "frequencyPenalty", "logprobs"),
        *("maxOutputTokens", "mediaResolution", "presencePenalty", "responseJsonSchema", "responseLogprobs"),
        *("responseMimeType", "responseModalities", "responseSchema", "seed", "speechConfig", "stopSequences"),
        *("temperature", "thinkingConfig", "topK", "topP", "_responseJsonSchema"),
    }
)
"""Fields whose effect on the bill is known. Any other counts as uncapped: `imageConfig`, say, is for pictures, which are
billed at a price of their own."""
_SCHEMAS = ("responseSchema", "responseJsonSchema", "_responseJsonSchema")
_TIERS = {"": "", "unspecified": "", "service_tier_unspecified": "", "standard": "", "flex": "flex"}
_MOST_TAGS, _LONGEST_TAG = 16, 512


def asked_of(body: dict[str, Any], found: Gathered, *, model: str, stream: bool) -> Asked:
    """The facts of a body whose prompt and tools have been gathered; the address has its model. Raises BadRequest naming
    the field."""
    for other in _OTHER_CAPS:
        if body.get(other) is not None:
            raise wrong(other, "left out: the output cap of this API is `generationConfig.maxOutputTokens`")
    config = mapping(body, "generationConfig") or {}
    for schema in _SCHEMAS:
        if config.get(schema) is not None:
            found.json(config[schema])
    thinking, reasons = _thinking(config)
    found.uncapped.extend(_unbounded(body, config))
    held = text(body, "cachedContent")
    if held:
        found.pointers.append("cachedContent")
    return Asked(
        model=model,
        stream=stream,
        cap=whole(config, "maxOutputTokens", "generationConfig", high=MAX_CAP),
        choices=whole(config, "candidateCount", "generationConfig", high=128) or 1,
        thinking=thinking,
        reasons=reasons,
        text_bytes=found.bytes(),
        overhead_tokens=found.overhead,
        media=tuple(found.media),
        pointers=tuple(found.pointers),
        uncapped=tuple(found.uncapped),
        uncapped_kind=found.uncapped_kind(),
        tier=_tier(body),
        audio_input=bool(held) or any(part.kind in {"audio", "video"} for part in found.media),
        audio_output="AUDIO" in _modalities(config),
        attribution=_attribution(body),
    )


def check_model(body: dict[str, Any], model: str) -> None:
    """A body that names a model must name the one in its address. Raises BadRequest."""
    named = text(body, "model")
    if named is not None and named.removeprefix("models/") != model:
        raise BadRequest(f"model must be `models/{model}`, as in the address, or be left out.", field="model")


def _thinking(config: dict[str, Any]) -> tuple[int | None, bool]:
    """The thinking budget, and whether the body says anything of thinking. It is a part of the cap, which holds thoughts
    and answer together; -1 leaves it to the model, 0 turns it off."""
    where = "generationConfig.thinkingConfig"
    thinking = mapping(config, "thinkingConfig", "generationConfig") or {}
    budget = whole(thinking, "thinkingBudget", where, low=-1, high=MAX_CAP)
    text(thinking, "thinkingLevel", where)
    boolean(thinking, "includeThoughts", where)
    return (budget if budget and budget > 0 else None), bool(thinking)


def _tier(body: dict[str, Any]) -> str:
    """`flex` never costs more than the standard tier. What was served stands in a header and not in the answer, so the
    dearer `priority` could not be told from a downgrade to the standard tier."""
    tier = _TIERS.get((text(body, "serviceTier") or "").lower())
    if tier is None:
        raise wrong("serviceTier", "`standard` or `flex`: for others no price is known")
    return tier


def _modalities(config: dict[str, Any]) -> list[str]:
    given = listed(config, "responseModalities", "generationConfig") or ()
    return [str(each).upper() for each in given]


def _unbounded(body: dict[str, Any], config: dict[str, Any]) -> Iterator[str]:
    """Fields that bill beyond what we can bound."""
    for key, value in body.items():
        if key not in _UNDERSTOOD and value is not None:
            yield key
    for key, value in config.items():
        if key not in _UNDERSTOOD_CONFIG and value is not None:
            yield path("generationConfig", key)
    if not {"TEXT", "AUDIO"}.issuperset(_modalities(config)):  # pictures are billed at a price that usage does not tell
        yield "generationConfig.responseModalities"


def _attribution(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Each of Google's own `labels` as `tag.<name>`."""
    named = (mapping(body, "labels") or {}).items()
    tags = [(f"tag.{name}", value) for name, value in named if type(value) is str and 0 < len(name) <= 64]
    return tuple(pair for pair in tags if len(pair[1]) <= _LONGEST_TAG)[:_MOST_TAGS]
