"""What a Messages request asks for, as far as it decides about money: cap, thinking, tier, and what has no bound."""

from collections.abc import Iterator
from typing import Any

from farthing.wire.anthropic.attribution import attribution
from farthing.wire.anthropic.tools import ROUNDS
from farthing.wire.dialect import Asked
from farthing.wire.fields import boolean, listed, mapping, needed_text, text, whole, wrong
from farthing.wire.gathered import Gathered

MAX_CAP = 2**31 - 1

_OTHER_CAPS = ("max_completion_tokens", "max_output_tokens", "max_tokens_to_sample")
"""Caps of other dialects. A provider that honours one of them would not honour the one we reserve for."""

_UNDERSTOOD = frozenset(
    {
        *("anthropic_beta", "anthropic_version", "billing_policy", "cache_control", "compaction", "container"),
        *("context_management", "diagnostics", "fallback_credit_token", "inference_geo", "max_tokens", "mcp_servers"),
        *("messages", "metadata", "model", "output_config", "output_format", "service_tier", "speed", "stop_sequences"),
        *("stream", "system", "temperature", "thinking", "thread", "tool_choice", "tools", "top_k", "top_p"),
    }
)
"""Fields whose effect on the bill is known. Any other counts as uncapped (`fallbacks`, say, runs other models): about
half of the fields that were added to this request in recent years change what it costs."""


def asked_of(body: dict[str, Any], found: Gathered) -> Asked:
    """The facts of a body whose prompt and tools have been gathered. Raises BadRequest naming the field."""
    for other in _OTHER_CAPS:
        if body.get(other) is not None:
            raise wrong(other, "left out: the output cap of this API is `max_tokens`")
    thinking, reasons = _thinking(body)
    found.uncapped.extend(_unbounded(body))
    found.pointers.extend(_elsewhere(body))
    found.breakpoint(body, "")
    return Asked(
        model=needed_text(body, "model"),
        stream=boolean(body, "stream") or False,
        cap=whole(body, "max_tokens", low=0, high=MAX_CAP),  # 0 fills the provider's cache and answers nothing
        thinking=thinking,
        reasons=reasons,
        text_bytes=found.bytes(),
        overhead_tokens=found.overhead,
        media=tuple(found.media),
        pointers=tuple(found.pointers),
        previous=_previous(body),
        uncapped=tuple(found.uncapped),
        uncapped_kind=found.uncapped_kind(),
        searches=found.searches,
        rounds=ROUNDS if found.server_tools else 1,
        tier=_tier(body),
        cache_ttl=max(found.ttls, key=("5m", "1h").index, default=""),
        attribution=attribution(body),
    )


def _thinking(body: dict[str, Any]) -> tuple[int | None, bool]:
    """The thinking budget, and whether the body turns thinking on (by budget, adaptively or by an effort)."""
    effort = text(mapping(body, "output_config") or {}, "effort", "output_config")
    thinking = mapping(body, "thinking")
    if thinking is None:
        return None, effort is not None
    kind = needed_text(thinking, "type", "thinking")
    budget = whole(thinking, "budget_tokens", "thinking", high=MAX_CAP)
    if kind == "enabled":
        return budget, True
    return None, kind != "disabled" or effort is not None


def _tier(body: dict[str, Any]) -> str:
    """`fast` is billed at its own, dearer rates. `auto` may use capacity that was bought beforehand, never a dearer one."""
    if text(body, "service_tier") not in {None, "auto", "standard_only"}:
        raise wrong("service_tier", "`auto` or `standard_only`")
    speed = text(body, "speed")
    if speed not in {None, "standard", "fast"}:
        raise wrong("speed", "`standard` or `fast`")
    return "fast" if speed == "fast" else ""


def _unbounded(body: dict[str, Any]) -> Iterator[str]:
    """Fields that bill beyond what we can bound."""
    for key, value in body.items():
        if key not in _UNDERSTOOD and value is not None:
            yield key
    if text(body, "inference_geo") not in {None, "global"}:  # one region only costs 1.1 times all prices ("Pricing")
        yield "inference_geo"
    edits = listed(mapping(body, "context_management") or {}, "edits", "context_management") or ()
    for index, edit in enumerate(edits):
        if type(edit) is not dict or not str(edit.get("type", "")).startswith("clear_"):
            yield f"context_management.edits[{index}]"  # compaction runs the model again, without a cap of its own


def _elsewhere(body: dict[str, Any]) -> Iterator[str]:
    """Fields whose content the provider holds or adds."""
    for key in ("container", "compaction"):
        if body.get(key) is not None:
            yield key
    if _previous(body):
        yield "thread.previous_message_id"


def _previous(body: dict[str, Any]) -> str:
    return text(mapping(body, "thread") or {}, "previous_message_id", "thread") or ""
