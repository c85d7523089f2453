"""Responses requests: the rules they must keep, and what they and the chain they continue say to the model."""

from collections.abc import Callable
from typing import Any

import msgspec

from farthing.testing import openai_rules as rules
from farthing.testing.answer import Ask
from farthing.testing.chat_rules import choice_of, text_of
from farthing.testing.conversation import Prompt, Turn
from farthing.testing.errors import Rejected
from farthing.testing.models import Model
from farthing.testing.names import names
from farthing.testing.pictures import openai_tokens
from farthing.testing.responses_tools import Items, check_calls, offered, output_text, turn_of
from farthing.testing.tokens import MESSAGE_OVERHEAD, PRIMING, TOOLS_OVERHEAD, Tokens, encode, joined, picture, template

_KNOWN = names(
    "background client_metadata context_management conversation include input instructions max_output_tokens max_tool_calls metadata "
    "model parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options "
    "prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text "
    "tool_choice tools top_logprobs top_p truncation user"
)
_FEWEST = 16
"""The smallest `max_output_tokens` the endpoint accepts."""


def read(body: dict[str, Any], chain: Callable[[str], Items | None]) -> Ask:
    """Understand a request; `chain` gives the items up to and with a stored response, or None. Raises Rejected."""
    name, model = rules.model_of(body)
    rules.refuse_unknown(body, _KNOWN)
    rules.check_sampling(body, model)
    items = items_of(body, chain)
    check_calls(items)
    tokens = _tokens(body, items, name)
    rules.check_context(len(tokens), model, "input")
    effort = (body.get("reasoning") or {}).get("effort")
    return Ask(
        prompt=_prompt(body, name, items),
        model=model,
        body=body,
        cap=_cap(body, model),
        stream=rules.boolean(body, "stream"),
        tokens=tokens,
        tier=rules.tier_of(body),
        reasoning=rules.reasoning_tokens(effort, model),
        background=_background(body),
    )


def items_of(body: dict[str, Any], chain: Callable[[str], Items | None]) -> Items:
    """Everything the model reads, except instructions: the chain that is continued, then this input."""
    previous = body.get("previous_response_id")
    before: Items = []
    if previous is not None:
        stored = chain(str(previous))
        if stored is None:
            raise Rejected(
                f"Previous response with id '{previous}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        before = stored
    given = body.get("input")
    if given is None and not before and body.get("prompt") is None and body.get("conversation") is None:
        raise Rejected(
            "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.",
            param="input",
            code="missing_required_parameter",
        )
    if isinstance(given, str):
        return [*before, {"type": "message", "role": "user", "content": given}]
    if given is not None and not isinstance(given, list):
        raise Rejected(
            "Invalid type for 'input': expected one of an array of objects or string.",
            param="input",
            code="invalid_type",
        )
    return [*before, *(given or [])]


def _cap(body: dict[str, Any], model: Model) -> int | None:
    cap = rules.integer(body, "max_output_tokens", _FEWEST)
    rules.check_cap(cap, "max_output_tokens", model)
    return cap


def _background(body: dict[str, Any]) -> bool:
    background = rules.boolean(body, "background")
    if background and body.get("store") is False:
        raise Rejected("Background mode requires 'store' to be true.", param="background")
    return background


def _prompt(body: dict[str, Any], name: str, items: Items) -> Prompt:
    tools = offered(body, items)
    form = (body.get("text") or {}).get("format") or {}
    turns = tuple(turn for item in items if (turn := _turn(item)) is not None)
    if body.get("instructions"):
        turns = (Turn(role="system", text=str(body["instructions"])), *turns)
    return Prompt(
        dialect="openai-responses",
        model=name,
        turns=turns,
        tools=tools,
        tool_choice=choice_of(body.get("tool_choice"), tools),
        schema=form.get("schema") if form.get("type") == "json_schema" else None,
    )


def _turn(item: dict[str, Any]) -> Turn | None:
    if item.get("type", "message") != "message":
        return turn_of(item)
    role = str(item.get("role"))
    return Turn(role="system" if role == "developer" else role, text=text_of(item.get("content")))


def _tokens(body: dict[str, Any], items: Items, model: str) -> Tokens:
    pieces: list[Tokens] = []
    if body.get("tools"):
        pieces += [encode(msgspec.json.encode(body["tools"]).decode()), template(TOOLS_OVERHEAD)]
    if body.get("instructions"):
        pieces += [template(MESSAGE_OVERHEAD), encode("system"), encode(str(body["instructions"]))]
    for item in items:
        pieces.append(template(MESSAGE_OVERHEAD))
        pieces += _item_tokens(item, model)
    pieces.append(template(PRIMING))
    return joined(pieces)


def _item_tokens(item: dict[str, Any], model: str) -> list[Tokens]:
    match item.get("type", "message"):
        case "message":
            return [encode(str(item.get("role", ""))), *_content_tokens(item.get("content"), model)]
        case "function_call" | "custom_tool_call":
            said = item.get("arguments") or item.get("input") or ""
            return [encode(str(item.get("name", ""))), encode(str(said))]
        case "function_call_output" | "custom_tool_call_output" | "local_shell_call_output":
            return [encode(output_text(item.get("output")))]
        case "reasoning":
            return []  # thinking of earlier turns is dropped from the prompt
        case _:
            return [encode(msgspec.json.encode(item).decode())]


def _content_tokens(content: object, model: str) -> list[Tokens]:
    if isinstance(content, str):
        return [encode(content)]
    pieces = []
    for part in content if isinstance(content, list) else []:
        if part.get("type") == "input_image":
            url = str(part.get("image_url") or part.get("file_id") or "")
            pieces.append(picture(url, openai_tokens(url, str(part.get("detail", "auto")), model)))
        else:
            pieces.append(encode(str(part.get("text") or part.get("refusal") or "")))
    return pieces
