"""Anthropic's usage in the canonical form, from a whole answer or put together from the events of a stream.

Anthropic's `input_tokens` leaves out what was read from and written to the cache; the canonical total has all three.
Thinking is inside `output_tokens`. https://platform.claude.com/docs/en/api/messages, `usage`.
"""

import msgspec

from farthing.domain.usage import Usage

_ABSURD = 1 << 40
"""No answer has this many tokens; counts beyond it are a fault, and would only make sums overflow later."""

_SEPARATE = frozenset({"compaction", "advisor_message"})
"""Iterations whose tokens are billed but not part of the top-level counts."""

Count = int | None


class _Written(msgspec.Struct, frozen=True):
    """Cache writes by time to live."""

    ephemeral_5m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None


class _Servers(msgspec.Struct, frozen=True):
    web_search_requests: Count = None


class _Details(msgspec.Struct, frozen=True):
    thinking_tokens: Count = None


class _Iteration(msgspec.Struct, frozen=True):
    type: str = ""
    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation: _Written | None = None


class Reported(msgspec.Struct, frozen=True):
    """`usage` as Anthropic writes it. None: not said, which is not zero."""

    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation: _Written | None = None
    output_tokens_details: _Details | None = None
    server_tool_use: _Servers | None = None
    iterations: list[_Iteration] | None = None
    service_tier: str | None = None
    speed: str | None = None

    @property
    def tier(self) -> str:
        """The price variant that was served. Priority draws on capacity bought beforehand and has no dearer list price."""
        if self.speed == "fast":
            return "fast"
        return "batch" if self.service_tier == "batch" else ""


def read_reported(raw: bytes) -> Reported:
    """Raises msgspec.ValidationError, which names the field, when a count is not a whole number."""
    return _decode(raw)


_decode = msgspec.json.Decoder(Reported).decode


def merged(first: Reported | None, then: Reported) -> Reported:
    """Two reports of one stream. Counts are cumulative, so the greater one is the later one; words are the last said."""
    if first is None:
        return then
    return Reported(
        input_tokens=_greater(first.input_tokens, then.input_tokens),
        output_tokens=_greater(first.output_tokens, then.output_tokens),
        cache_creation_input_tokens=_greater(first.cache_creation_input_tokens, then.cache_creation_input_tokens),
        cache_read_input_tokens=_greater(first.cache_read_input_tokens, then.cache_read_input_tokens),
        cache_creation=then.cache_creation or first.cache_creation,
        output_tokens_details=then.output_tokens_details or first.output_tokens_details,
        server_tool_use=then.server_tool_use or first.server_tool_use,
        iterations=then.iterations or first.iterations,
        service_tier=then.service_tier or first.service_tier,
        speed=then.speed or first.speed,
    )


def canonical(reported: Reported, *, hour_only: bool = False, observed: bool = False) -> tuple[Usage | None, str]:
    """The canonical usage, or None with the reason why the report cannot be believed.

    `hour_only`: every breakpoint of the request lives for an hour. `observed`: the answer has output, whatever it says.
    """
    if reported.input_tokens is None or reported.output_tokens is None:
        return None, f"usage.{'input' if reported.input_tokens is None else 'output'}_tokens is missing"
    parts = [_part(reported, hour_only)]
    parts += [_part(each, hour_only) for each in reported.iterations or () if each.type in _SEPARATE]
    usage = _sum(parts, reported)
    for counts in (*parts, usage):
        if flaw := counts.flaw():
            return None, flaw
    if not usage.input_tokens:
        return None, "usage says zero input tokens, which no answer has"
    if observed and not usage.output_tokens:
        return None, "usage says zero output tokens beside output"
    if max(usage.input_tokens, usage.output_tokens, usage.web_search_requests) > _ABSURD:
        return None, "usage counts more tokens than any answer has"
    return usage, ""


def _sum(parts: list[Usage], reported: Reported) -> Usage:
    details, servers = reported.output_tokens_details, reported.server_tool_use
    return Usage(
        input_tokens=sum(part.input_tokens for part in parts),
        output_tokens=sum(part.output_tokens for part in parts),
        cache_read_input_tokens=sum(part.cache_read_input_tokens for part in parts),
        cache_write_input_tokens=sum(part.cache_write_input_tokens for part in parts),
        cache_write_1h_input_tokens=sum(part.cache_write_1h_input_tokens for part in parts),
        reasoning_output_tokens=(details.thinking_tokens or 0) if details else 0,
        web_search_requests=(servers.web_search_requests or 0) if servers else 0,
    )


def _part(counts: Reported | _Iteration, hour_only: bool) -> Usage:  # noqa: FBT001 - private, one caller
    read = counts.cache_read_input_tokens or 0
    written, hour = _written(counts, hour_only)
    return Usage(
        input_tokens=(counts.input_tokens or 0) + read + written,
        output_tokens=counts.output_tokens or 0,
        cache_read_input_tokens=read,
        cache_write_input_tokens=written,
        cache_write_1h_input_tokens=hour,
    )


def _written(counts: Reported | _Iteration, hour_only: bool) -> tuple[int, int]:  # noqa: FBT001 - private, one caller
    """All cache writes, and those for an hour.

    In a stream the split stands in `message_start` while the total grows with every round of server tools. What the
    split does not cover are 5-minute writes, unless the request asked for nothing but hours.
    """
    split = counts.cache_creation or _Written()
    hour, five = split.ephemeral_1h_input_tokens or 0, split.ephemeral_5m_input_tokens or 0
    total = max(counts.cache_creation_input_tokens or 0, hour + five)
    return total, total - five if hour_only else hour


def _greater(first: Count, then: Count) -> Count:
    return then if first is None else first if then is None else max(first, then)
