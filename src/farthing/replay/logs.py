"""Logs of other makers: requests with their answers, as OpenAI and Anthropic write them, one call a line.

Three shapes, told apart line by line:

* `{"request": {…}, "response": {…}}`: the bodies of one call;
* batch files: `{"custom_id", "body" | "params"}` and `{"custom_id", "response" | "result"}`, paired by `custom_id`;
* an answer alone, with its `model` and `usage`: a bill without a shape.

Beside the bodies a line may say `timestamp`, `latency_ms`, `first_byte_ms`, `labels`, `key`, `url` and `cost_usd`. Where it
names no cost, the bill is usage times the price of the configuration.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from farthing.domain.errors import BadRequest
from farthing.domain.ids import Mint
from farthing.domain.money import parse_usd
from farthing.domain.price import Cost, PriceCard
from farthing.domain.record import Labels
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import cost
from farthing.replay.lines import Line
from farthing.replay.recorded import Recorded
from farthing.replay.traces import EPOCH_MS
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.dialect import Answered, Dialect, Draft
from farthing.wire.openai.chat import ChatDialect
from farthing.wire.openai.embeddings import EmbeddingsDialect
from farthing.wire.openai.responses import ResponsesDialect

_KEY = b"replay"
"""Digests of logs are told to nobody, so they need no secret."""
_ROUTES: dict[str, tuple[Dialect, str]] = {
    "chat/completions": (ChatDialect(), "/chat/completions"),
    "responses": (ResponsesDialect(), "/responses"),
    "messages": (MessagesDialect(), "/v1/messages"),
    "embeddings": (EmbeddingsDialect(), "/embeddings"),
}
_TIMES = ("timestamp", "created_at", "start_time", "time", "arrived_at")
_RUNS = ("run", "run_id", "session_id", "conversation_id", "trace_id")
_MOST_WAITING = 200_000
"""Batch requests whose answers have not come yet."""

Object = dict[str, Any]


def is_log(line: Line) -> bool:
    """Whether a line has one of the three shapes."""
    fields = line.fields
    return "request" in fields or "custom_id" in fields or "usage" in fields


class Logged:
    """Makes calls of lines, in their order."""

    def __init__(self, prices: PriceBook) -> None:
        self._prices = prices
        self._mint = Mint(0)
        self._last_ms = 0
        self._asked: dict[str, bytes] = {}
        """Batch requests by `custom_id`."""

    def calls(self, lines: Iterable[Line]) -> Iterator[Recorded]:
        """Raises BadLine for a line that is no call. Batch requests without an answer are no calls yet."""
        for line in lines:
            bodies = self._bodies(line)
            if bodies is not None:
                yield self._call(line, *bodies)

    def _bodies(self, line: Line) -> tuple[bytes, bytes, int, bool] | None:
        """Request, answer, status, and whether it went as a batch. None: its other half is still to come."""
        fields = line.fields
        if "request" in fields:
            answer = bytes(fields.get("response", b"null"))
            return bytes(fields["request"]), answer, _status(line), False
        if "custom_id" not in fields:
            if "usage" not in fields:
                raise line.bad("has no `request`, no `custom_id` and no `usage`: it is not the log of a call")
            return b"", line.raw, 200, False
        name = str(line.get("custom_id"))
        asked = fields.get("body") or fields.get("params")
        if asked is not None:
            if len(self._asked) >= _MOST_WAITING:
                raise line.bad(
                    f"more than {_MOST_WAITING:,} batch requests wait for their answers; name the answers' file too"
                )
            self._asked[name] = bytes(asked)
            return None
        answered, status = _batch_answer(line)
        return self._asked.pop(name, b""), answered, status, True

    def _call(self, line: Line, request: bytes, answer: bytes, status: int, batch: bool) -> Recorded:  # noqa: FBT001
        said = _object(line, answer)
        dialect, route = _route_of(line, request, said)
        draft = _read(line, dialect, request)
        answered = dialect.answered(answer) if said and status < 400 else None
        if answered is not None and answered.usage is None and status < 400:
            raise line.bad(
                f"the answer says no usage that can be believed{': ' + answered.flaw if answered.flaw else ''}"
            )
        at_ms = self._last_ms = max(self._last_ms, _moment(line, said) or self._last_ms + 1_000 or EPOCH_MS)
        return self._made(line, (dialect, route), draft, answered, at_ms, "batch" if batch else "", status)

    def _made(
        self,
        line: Line,
        to: tuple[Dialect, str],
        draft: Draft | None,
        answered: Answered | None,
        at_ms: int,
        tier: str,
        status: int,
    ) -> Recorded:
        asked = draft.asked if draft else None
        model = asked.model if asked else answered.model if answered else ""
        took = line.get("latency_ms", "duration_ms")
        usage = answered.usage if answered else None
        call = Recorded(
            id=self._mint(at_ms),
            arrived_ms=at_ms,
            origin=line.origin,
            key=str(line.get("key") or ""),
            labels=_labels(line, asked.attribution if asked else ()),
            dialect=to[0].name,
            route=to[1],
            model=model,
            provider=to[0].format,
            sent_model=model,
            streamed=asked.stream if asked else False,
            cap_asked=asked.cap if asked else None,
            cap=(asked.cap or 0) if asked else 0,
            choices=asked.choices if asked else 1,
            text_bytes=asked.text_bytes if asked else (usage.input_tokens * 4 if usage else 0),
            overhead_tokens=asked.overhead_tokens if asked else 0,
            skeleton=msgspec.json.encode(draft.skeleton(_KEY)) if draft else b"",
            outcome="paid" if usage else "failed",
            status=status,
            usage=usage,
            tier=tier or (answered.tier if answered else ""),
            finish=answered.finish if answered else "",
            first_byte_ms=_whole(line, "first_byte_ms", "ttft_ms"),
            finished_ms=None if took is None else at_ms + int(took),
        )
        return self._billed(line, call)

    def _billed(self, line: Line, call: Recorded) -> Recorded:
        """With what the line says it cost, else with what it comes to."""
        if call.usage is None:
            return call
        named = line.get("cost_usd")
        if named is not None:
            return msgspec.structs.replace(call, cost_nanos=_nanos(line, named))
        card = self._prices.find(call.model, call.provider, at_ms=call.arrived_ms)
        found = cost(card, call.usage, call.tier) if isinstance(card, PriceCard) else None
        if not isinstance(found, Cost):
            return call
        return msgspec.structs.replace(call, cost_nanos=found.nanos, remainder_picos=found.remainder_picos)


def _batch_answer(line: Line) -> tuple[bytes, int]:
    """OpenAI's `response.body` with its `status_code`, or Anthropic's `result.message`."""
    response, result = line.get("response"), line.get("result")
    if isinstance(response, dict):
        return msgspec.json.encode(response.get("body")), int(response.get("status_code") or 200)
    if isinstance(result, dict):
        fine = result.get("type") == "succeeded"
        return (msgspec.json.encode(result.get("message")), 200) if fine else (b"null", 400)
    if line.get("error") is not None:
        return b"null", 400
    raise line.bad(
        "has a `custom_id` and none of `body`, `params`, `response` and `result`: it is no line of a batch file"
    )


def _status(line: Line) -> int:
    status = line.get("status", "status_code")
    return status if isinstance(status, int) else 200


def _object(line: Line, raw: bytes) -> Object:
    try:
        found = msgspec.json.decode(raw or b"null")
    except msgspec.DecodeError as error:
        raise line.bad(f"the answer is no JSON: {error}") from error
    if found is not None and not isinstance(found, dict):
        raise line.bad("`response` must be an object: the body of the answer")
    return found or {}


def _route_of(line: Line, request: bytes, said: Object) -> tuple[Dialect, str]:
    """By the address where the line names one, else by what the bodies look like."""
    address = str(line.get("url", "path", "endpoint", "route") or "").rstrip("/")
    for ending, route in _ROUTES.items():
        if address.endswith(ending):
            return route
    usage = said.get("usage")
    if said.get("type") == "message" or "stop_reason" in said:
        return _ROUTES["messages"]
    if said.get("object") == "response" or "output" in said:
        return _ROUTES["responses"]
    if isinstance(usage, Mapping) and "prompt_tokens" not in usage and "input_tokens" in usage:
        return _ROUTES["responses" if b'"input"' in request else "messages"]
    return _ROUTES["chat/completions"]


def _read(line: Line, dialect: Dialect, request: bytes) -> Draft | None:
    if not request or request == b"null":
        return None
    try:
        return dialect.read(request)
    except BadRequest as bad:
        field = f"`{bad.field}`: " if bad.field else ""
        raise line.bad(f"the request is none of {dialect.name}: {field}{bad.message}") from bad


def _moment(line: Line, said: Object) -> int | None:
    """When it was asked, in milliseconds since 1970: ISO 8601, or seconds or milliseconds as a number."""
    value = line.get(*_TIMES)
    if value is None:
        value = said.get("created") or said.get("created_at")
    if value is None:
        return None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise line.bad(f"the time {value!r} is not like '2026-11-30T12:00:00Z'") from None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)
    if isinstance(value, int | float) and value > 0:
        return int(value if value > 100_000_000_000 else value * 1_000)
    raise line.bad(f"the time {value!r} is no moment")


def _labels(line: Line, body: Labels) -> Labels:
    """The line's own labels over those in the body; a session's id is its run."""
    found = dict(body)
    run = line.get(*_RUNS)
    if isinstance(run, str):
        found["run"] = run
    said = line.get("labels", "metadata")
    if isinstance(said, dict):
        found |= {str(name): str(value) for name, value in said.items() if isinstance(value, str | int)}
    return tuple(sorted(found.items()))


def _whole(line: Line, *names: str) -> int | None:
    value = line.get(*names)
    return int(value) if isinstance(value, int | float) else None


def _nanos(line: Line, value: object) -> int:
    try:
        return parse_usd(str(value))
    except ValueError as error:
        raise line.bad(f'`cost_usd`: {error}; write it as text, like "0.0123"') from error
