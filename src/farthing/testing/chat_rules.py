"""Chat Completions requests: the rules they must keep, and what they say to the model."""

from typing import Any

import msgspec

from farthing.testing import openai_rules as rules
from farthing.testing.answer import Ask
from farthing.testing.conversation import Prompt, Tool, ToolCall, Turn
from farthing.testing.errors import Rejected
from farthing.testing.models import Model
from farthing.testing.names import names
from farthing.testing.pictures import openai_tokens
from farthing.testing.tokens import (
    MESSAGE_OVERHEAD,
    PRIMING,
    TOOLS_OVERHEAD,
    Tokens,
    count,
    encode,
    joined,
    picture,
    template,
)

_KNOWN = names(
    "messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens "
    "max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key "
    "prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed "
    "service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity "
    "web_search_options"
)
_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_ROLE_WORDS = ", ".join(f"'{word}'" for word in _ROLES)


def read(body: dict[str, Any]) -> Ask:
    """Understand a request. Raises Rejected as OpenAI would."""
    name, model = rules.model_of(body)
    messages = rules.listing(rules.require(body, "messages"), "messages")
    rules.refuse_unknown(body, _KNOWN)
    rules.check_sampling(body, model)
    _check_turns(messages)
    stream = rules.boolean(body, "stream")
    tokens = _tokens(messages, body.get("tools") or [], name)
    rules.check_context(len(tokens), model, "messages")
    return Ask(
        prompt=_prompt(body, name, messages),
        model=model,
        body=body,
        cap=_cap(body, model),
        choices=rules.integer(body, "n", 1, 128) or 1,
        stream=stream,
        show_usage=_show_usage(body, stream=stream),
        tokens=tokens,
        tier=rules.tier_of(body),
        reasoning=rules.reasoning_tokens(body.get("reasoning_effort"), model),
        rejected_prediction=_prediction(body),
    )


def _cap(body: dict[str, Any], model: Model) -> int | None:
    old = rules.integer(body, "max_tokens", 1)
    new = rules.integer(body, "max_completion_tokens", 1)
    if old is not None and model.reasons:
        raise Rejected(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        )
    if old is not None and new is not None:
        raise Rejected(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            param="max_completion_tokens",
            code="invalid_parameter_combination",
        )
    rules.check_cap(old, "max_tokens", model)
    rules.check_cap(new, "max_completion_tokens", model)
    return old if old is not None else new


def _show_usage(body: dict[str, Any], *, stream: bool) -> bool:
    options = body.get("stream_options")
    if options is None:
        return not stream
    if not stream:
        raise Rejected(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )
    return isinstance(options, dict) and options.get("include_usage") is True


def _prediction(body: dict[str, Any]) -> int:
    prediction = body.get("prediction")
    if prediction is None:
        return 0
    if body.get("max_completion_tokens") is not None:
        raise Rejected(
            "Unsupported parameter: 'max_completion_tokens' is not supported with predicted outputs.",
            param="max_completion_tokens",
            code="unsupported_parameter",
        )
    return count(text_of(prediction.get("content")))


def _check_turns(messages: list[Any]) -> None:
    """Roles are known, and every tool call is answered right after it is made."""
    waiting: list[str] = []
    for at, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in _ROLES:
            raise Rejected(
                f"Invalid value: '{role}'. Supported values are: {_ROLE_WORDS}.",
                param=f"messages[{at}].role",
                code="invalid_value",
            )
        if role == "tool":
            if message.get("tool_call_id") not in waiting:
                raise Rejected(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                    "'tool_calls'.",
                    param=f"messages.[{at}].role",
                )
            waiting.remove(message["tool_call_id"])
            continue
        _refuse_unanswered(waiting, at)
        waiting = [str(call.get("id")) for call in message.get("tool_calls") or []]
    _refuse_unanswered(waiting, len(messages))


def _refuse_unanswered(waiting: list[str], at: int) -> None:
    if waiting:
        raise Rejected(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(waiting)}",
            param=f"messages.[{at}].role",
        )


def _prompt(body: dict[str, Any], name: str, messages: list[Any]) -> Prompt:
    tools = tuple(
        Tool(str(tool["function"].get("name")), tool["function"].get("parameters") or {})
        for tool in body.get("tools") or []
        if isinstance(tool.get("function"), dict)
    )
    form = body.get("response_format") or {}
    schema = form.get("json_schema", {}).get("schema") if form.get("type") == "json_schema" else None
    return Prompt(
        dialect="openai-chat",
        model=name,
        turns=tuple(_turn(message) for message in messages),
        tools=tools,
        tool_choice=choice_of(body.get("tool_choice"), tools),
        schema=schema,
    )


def choice_of(choice: Any, tools: tuple[Tool, ...]) -> str:
    """`auto`, `none`, `required` or a tool's name. Raises Rejected for a choice that cannot be met."""
    if choice is None or isinstance(choice, str):
        if choice == "required" and not tools:
            raise Rejected("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
        return choice or "auto"
    name = str((choice.get("function") or choice).get("name", ""))
    if name not in {tool.name for tool in tools}:
        raise Rejected(f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")
    return name


def _turn(message: dict[str, Any]) -> Turn:
    role = message["role"]
    return Turn(
        role="system" if role == "developer" else "tool" if role == "function" else role,
        text=text_of(message.get("content")),
        calls=tuple(_call(call) for call in message.get("tool_calls") or []),
        answers=str(message.get("tool_call_id") or ""),
    )


def _call(call: dict[str, Any]) -> ToolCall:
    function = call.get("function") or {}
    return ToolCall(str(function.get("name", "")), arguments_of(function.get("arguments")), str(call.get("id", "")))


def arguments_of(text: object) -> dict[str, Any]:
    """Arguments as an object; what a cut answer left broken is an empty one."""
    try:
        arguments = msgspec.json.decode(str(text))
    except msgspec.DecodeError:
        return {}
    return arguments if isinstance(arguments, dict) else {}


def text_of(content: object) -> str:
    """The text of a content field: a string, or parts of which some are text."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict) and part.get("text"))


def _tokens(messages: list[Any], tools: list[Any], model: str) -> Tokens:
    pieces: list[Tokens] = []
    if tools:
        pieces += [encode(msgspec.json.encode(tools).decode()), template(TOOLS_OVERHEAD)]
    for message in messages:
        pieces.append(template(MESSAGE_OVERHEAD))
        pieces.append(encode(str(message["role"])))
        if message.get("name"):
            pieces.append(encode(str(message["name"])))
        pieces += _content_tokens(message.get("content"), model)
        for call in message.get("tool_calls") or []:
            function = call.get("function") or {}
            pieces.append(template(MESSAGE_OVERHEAD))
            pieces += [encode(str(function.get("name", ""))), encode(str(function.get("arguments", "")))]
    pieces.append(template(PRIMING))
    return joined(pieces)


def _content_tokens(content: object, model: str) -> list[Tokens]:
    if isinstance(content, str):
        return [encode(content)]
    pieces = []
    for part in content if isinstance(content, list) else []:
        image = part.get("image_url")
        if isinstance(image, dict):
            url = str(image.get("url", ""))
            pieces.append(picture(url, openai_tokens(url, str(image.get("detail", "auto")), model)))
        else:
            pieces.append(encode(str(part.get("text") or part.get("refusal") or "")))
    return pieces
