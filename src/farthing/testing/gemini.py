"""Gemini answers: the whole object and the chunks of a stream, as Google writes them."""

import re
from base64 import b64encode
from hashlib import blake2b
from typing import Any

import msgspec

from farthing.testing import gemini_rules
from farthing.testing.answer import Answer, Ask, Event
from farthing.testing.errors import Rejected, gemini_body
from farthing.testing.gemini_prompt import prompt_of, tokens_of
from farthing.testing.generation import Call, Output, gathered
from farthing.testing.models import model_named

_ADDRESS = re.compile(r"/v1(?:beta)?/models/([^:]+):(generateContent|streamGenerateContent|countTokens)")


class Generate:
    """`POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`, of one address."""

    name = "gemini"
    maker = "gemini"
    id_prefix = ""
    call_prefix = "call_"

    def __init__(self, model: str, verb: str) -> None:
        self.model = model
        """As the address has it, with the fault it may carry (`gemini-2.5-flash@no_usage`)."""
        self.verb = verb

    def read(self, body: dict[str, Any]) -> Ask:
        body = gemini_rules.camel(body)
        name = self.model.partition("@")[0]
        model = model_named(name)
        gemini_rules.check(body, name, model)
        config = gemini_rules.config_of(body)
        tokens = tokens_of(body)
        if len(tokens) > model.context:
            raise Rejected(
                f"The input token count ({len(tokens)}) exceeds the maximum number of tokens allowed ({model.context})."
            )
        return Ask(
            prompt=prompt_of(body, name),
            model=model,
            body=body,
            cap=config.get("maxOutputTokens"),
            choices=int(config.get("candidateCount") or 1),
            stream=self.verb == "streamGenerateContent",
            tokens=tokens,
            tier="flex" if str(body.get("serviceTier") or "").lower() == "flex" else "",
            reasoning=gemini_rules.thinking(body, name, model),
        )

    def count(self, body: dict[str, Any]) -> dict[str, Any]:
        """`:countTokens`: free, and what is then billed."""
        body = gemini_rules.camel(body)
        tokens = self.read({**(body.get("generateContentRequest") or body)}).input_tokens
        return {"totalTokens": tokens, "promptTokensDetails": [_text_tokens(tokens)]}

    def whole(self, answer: Answer) -> dict[str, Any]:
        candidates = [
            {
                "content": {"parts": _parts(answer, output), "role": "model"},
                "finishReason": finish(output),
                "index": at,
            }
            for at, output in enumerate(answer.outputs)
        ]
        return {"candidates": candidates, **self._tail(answer, answer.usage.output_tokens)}

    def events(self, answer: Answer) -> list[Event]:
        events: list[Event] = []
        made = 0
        last = len(answer.outputs) - 1
        for at, output in enumerate(answer.outputs):
            for parts, tokens in _pieces(answer, output):
                made += tokens
                events.append(self._event(answer, at, parts, made, content=True))
            events.append(self._event(answer, at, [{"text": ""}], made, finish(output), final=at == last))
        return events

    def usage(self, answer: Answer, made: int) -> dict[str, Any]:
        """The counts so far; one that is zero is not written. Thoughts stand beside the candidates."""
        usage = answer.usage
        thoughts = min(usage.reasoning_output_tokens, made)
        counts = {
            "promptTokenCount": usage.input_tokens,
            "candidatesTokenCount": made - thoughts,
            "totalTokenCount": usage.input_tokens + made,
            "cachedContentTokenCount": usage.cache_read_input_tokens,
            "thoughtsTokenCount": thoughts,
        }
        details: dict[str, Any] = {"promptTokensDetails": [_text_tokens(usage.input_tokens)]}
        if usage.cache_read_input_tokens:
            details["cacheTokensDetails"] = [_text_tokens(usage.cache_read_input_tokens)]
        return {**{name: count for name, count in counts.items() if count}, **details}

    def error(self, error: Rejected, request_id: str) -> dict[str, Any]:  # noqa: ARG002 - Google has none in the body
        return gemini_body(error)

    def error_event(self, error: Rejected, request_id: str, made: int) -> Event:  # noqa: ARG002
        return Event(data=gemini_body(error), made=made)

    def _tail(self, answer: Answer, made: int) -> dict[str, Any]:
        return {
            "usageMetadata": self.usage(answer, made),
            "modelVersion": answer.ask.prompt.model,
            "responseId": answer.id,
        }

    def _event(
        self,
        answer: Answer,
        at: int,
        parts: list[dict[str, Any]],
        made: int,
        reason: str = "",
        *,
        content: bool = False,
        final: bool = False,
    ) -> Event:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": at}
        if reason:
            candidate["finishReason"] = reason
        data = {"candidates": [candidate], **self._tail(answer, made)}
        return Event(data=data, made=made, content=content, final=final)


def generate_at(path: str) -> Generate | None:
    """The form of this address; None where it is no Gemini address."""
    found = _ADDRESS.fullmatch(path)
    return Generate(found[1], found[2]) if found else None


def finish(output: Output) -> str:
    return "MAX_TOKENS" if output.cut else "STOP"


def _text_tokens(tokens: int) -> dict[str, Any]:
    return {"modality": "TEXT", "tokenCount": tokens}


def _shows_thoughts(answer: Answer) -> bool:
    thinking = gemini_rules.config_of(answer.ask.body).get("thinkingConfig") or {}
    return bool(thinking.get("includeThoughts"))


def _parts(answer: Answer, output: Output) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if output.thoughts and _shows_thoughts(answer):
        parts.append({"text": output.thought, "thought": True})
    if output.pieces:
        parts.append({"text": output.text})
    return parts + [_call(answer, call, first=at == 0) for at, call in enumerate(output.calls)]


def _pieces(answer: Answer, output: Output) -> list[tuple[list[dict[str, Any]], int]]:
    """The chunks of one candidate with their tokens. Thoughts that are not shown are made before the first of them, and
    a call comes whole."""
    hidden = 0 if _shows_thoughts(answer) else output.reasoning_tokens
    each = answer.tokens_per_event
    thoughts = () if hidden else gathered(output.thoughts, each)
    found = [([{"text": piece.text, "thought": True}], piece.tokens) for piece in thoughts]
    found += [([{"text": piece.text}], piece.tokens) for piece in gathered(output.pieces, each)]
    for at, call in enumerate(output.calls):
        tokens = call.opening_tokens + sum(piece.tokens for piece in call.pieces)
        found.append(([_call(answer, call, first=at == 0)], tokens))
    if hidden and found:
        found[0] = (found[0][0], found[0][1] + hidden)
    elif hidden:
        found.append(([{"text": ""}], hidden))
    return found


def _call(answer: Answer, call: Call, *, first: bool) -> dict[str, Any]:
    try:
        arguments = msgspec.json.decode(call.arguments)
    except msgspec.DecodeError:  # cut by the cap
        arguments = {}
    newer = gemini_rules.levelled(answer.ask.prompt.model)
    made = {"id": call.id} if newer else {}
    signed = {"thoughtSignature": _signature(answer)} if newer and first else {}
    return {"functionCall": {"name": call.name, "args": arguments, **made}, **signed}


def _signature(answer: Answer) -> str:
    return b64encode(blake2b(answer.id.encode(), digest_size=48).digest()).decode()
