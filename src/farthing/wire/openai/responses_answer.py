"""A Responses answer and its usage in the canonical form, whole or out of the event that ends a stream.

`input_tokens` already has what was read from and written to the cache, and `output_tokens` has the reasoning.
https://platform.openai.com/docs/api-reference/responses/object
"""

from typing import Any

import msgspec

from farthing.domain.usage import Usage
from farthing.wire.dialect import Answered
from farthing.wire.lenient import NOTHING, UNREADABLE
from farthing.wire.openai.errors import kind_of

_ABSURD = 1 << 40
"""No answer has this many tokens; counts beyond it are a fault, and would only make sums overflow later."""

_CALL = b'_call"'
_TIERS = {"auto": "", "default": "", "scale": "", "standard": "", "fast": "priority"}
"""Served tiers by the variant that bills them; capacity of the scale tier is bought beforehand. Others bill as themselves."""

Count = int | None


class Response(msgspec.Struct, frozen=True):
    """What we read of a response object; the rest may have any shape."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    service_tier: str | None = None
    usage: msgspec.Raw = NOTHING
    output: msgspec.Raw = msgspec.Raw(b"[]")
    incomplete_details: "_Incomplete | None" = None
    error: Any = None
    tool_usage: msgspec.Raw = NOTHING


class _Incomplete(msgspec.Struct, frozen=True):
    reason: str | None = None


class _InputDetails(msgspec.Struct, frozen=True):
    cached_tokens: Count = None
    cache_write_tokens: Count = None
    cache_write_tokens_details: "_Lifetimes | None" = None


class _Lifetimes(msgspec.Struct, frozen=True):
    ttl_12h_tokens: Count = None


class _OutputDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: Count = None


class _Reported(msgspec.Struct, frozen=True):
    input_tokens: int
    output_tokens: int
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Action(msgspec.Struct, frozen=True):
    type: str = "search"


class _Item(msgspec.Struct, frozen=True):
    type: str = ""
    action: _Action | None = None


class _WebSearch(msgspec.Struct, frozen=True):
    num_requests: int


class _ToolUsage(msgspec.Struct, frozen=True):
    web_search: _WebSearch


_decode_usage = msgspec.json.Decoder(_Reported).decode
_decode_items = msgspec.json.Decoder(list[_Item]).decode
_decode_tool_usage = msgspec.json.Decoder(_ToolUsage).decode


def answered(response: Response, *, observed: bool = False) -> Answered:
    """What a response says of itself. `observed`: it has output, whatever its usage says."""
    failed = ""
    if response.status == "failed" or (not response.status and response.error is not None):
        failed = kind_of(response.error) or "server_error"
    output = bytes(response.output)
    usage, flaw = _usage(response, observed=observed or output != b"[]")
    reason = response.incomplete_details.reason if response.incomplete_details is not None else None
    tier = response.service_tier or ""
    return Answered(
        usage=usage,
        flaw=flaw,
        model=response.model or "",
        id=response.id or "",
        finish=(reason if response.status == "incomplete" else None) or response.status or "",
        tier=_TIERS.get(tier, tier),
        pending=response.status in {"queued", "in_progress"},
        calls=output if _CALL in output else b"",
        failed=failed,
    )


def _usage(response: Response, *, observed: bool) -> tuple[Usage | None, str]:
    if response.usage == NOTHING:
        return None, ""
    try:
        reported = _decode_usage(response.usage)
    except UNREADABLE as error:
        return None, f"usage cannot be read: {error}"
    usage = _canonical(reported, _searches(response))
    if flaw := usage.flaw():
        return None, flaw
    if not usage.input_tokens:
        return None, "usage says zero input tokens, which no answer has"
    if observed and not usage.output_tokens:
        return None, "usage says zero output tokens beside output"
    if max(usage.input_tokens, usage.output_tokens, usage.web_search_requests) > _ABSURD:
        return None, "usage counts more tokens than any answer has"
    return usage, ""


def _canonical(reported: _Reported, searches: int) -> Usage:
    given = reported.input_tokens_details or _InputDetails()
    lifetimes = given.cache_write_tokens_details or _Lifetimes()
    long_lived = lifetimes.ttl_12h_tokens or 0
    made = reported.output_tokens_details or _OutputDetails()
    return Usage(
        input_tokens=reported.input_tokens,
        output_tokens=reported.output_tokens,
        cache_read_input_tokens=given.cached_tokens or 0,
        cache_write_input_tokens=max(given.cache_write_tokens or 0, long_lived),
        cache_write_1h_input_tokens=long_lived,
        reasoning_output_tokens=made.reasoning_tokens or 0,
        web_search_requests=searches,
    )


def _searches(response: Response) -> int:
    """Searches billed: as `tool_usage` counts them, else every web search among the output items."""
    if response.tool_usage != NOTHING:
        try:
            return _decode_tool_usage(response.tool_usage).web_search.num_requests
        except UNREADABLE:
            pass
    output = bytes(response.output)
    if b"web_search_call" not in output:
        return 0
    try:
        items = _decode_items(output)
    except UNREADABLE:
        return output.count(b'"web_search_call"')
    return sum(item.type == "web_search_call" and (item.action or _Action()).type == "search" for item in items)
