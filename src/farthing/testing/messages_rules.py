"""Messages requests: the rules they must keep, and what they say to the model."""

from typing import Any

from farthing.testing.answer import Ask
from farthing.testing.conversation import Prompt, Tool, ToolCall, Turn
from farthing.testing.errors import Rejected
from farthing.testing.messages_blocks import blocks_of, is_forced, seen_tools
from farthing.testing.models import Model, model_named
from farthing.testing.names import names

_KNOWN = names(
    "model messages max_tokens system metadata stop_sequences stream temperature top_k top_p tools tool_choice thinking "
    "service_tier container mcp_servers context_management cache_control output_config output_format inference_geo "
    "betas speed diagnostics fallbacks thread"
)
_COUNTED = names(
    "model messages system tools tool_choice thinking cache_control output_config output_format mcp_servers "
    "context_management betas speed thread"
)
_LEAST_THINKING = 1_024
_ADAPTIVE_THINKING = 64
"""Tokens the model thinks when it may choose: ours to decide, the same every time."""


def read(body: dict[str, Any], *, counting: bool = False) -> Ask:
    """Understand a request; `counting` is the token-counting endpoint, which takes no cap. Raises Rejected."""
    name = str(_require(body, "model")).partition("@")[0]
    model = model_named(name)
    messages = _messages(body)
    if not isinstance(body.get("system") or "", str | list):
        raise Rejected("system: Input should be a valid string or list")
    cap = None if counting else _cap(body, model, name)
    unknown = next((field for field in body if field not in (_COUNTED if counting else _KNOWN)), None)
    if unknown is not None:
        raise Rejected(f"{unknown}: Extra inputs are not permitted")
    _check_results(messages)
    thinking = _thinking(body, cap)
    blocks = blocks_of(body)
    asked = sum(block.tokens for block in blocks)
    if asked > model.context:
        raise Rejected(f"prompt is too long: {asked} tokens > {model.context} maximum")
    return Ask(
        prompt=_prompt(body, name, messages),
        model=model,
        body=body,
        cap=cap,
        stream=bool(body.get("stream")),
        blocks=blocks,
        reasoning=thinking,
    )


def _require(body: dict[str, Any], name: str) -> Any:
    if body.get(name) is None:
        raise Rejected(f"{name}: Field required")
    return body[name]


def _cap(body: dict[str, Any], model: Model, name: str) -> int:
    cap = _require(body, "max_tokens")
    if not isinstance(cap, int) or isinstance(cap, bool):
        raise Rejected("max_tokens: Input should be a valid integer")
    if cap < 1:
        raise Rejected("max_tokens: Input should be greater than or equal to 1")
    if cap > model.max_output:
        raise Rejected(
            f"max_tokens: {cap} > {model.max_output}, which is the maximum allowed number of output tokens for {name}"
        )
    return cap


def _messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    messages = _require(body, "messages")
    if not isinstance(messages, list):
        raise Rejected("messages: Input should be a valid list")
    if not messages:
        raise Rejected("messages: at least one message is required")
    for at, message in enumerate(messages):
        roles = ("user", "assistant", "system") if at else ("user", "assistant")  # mid-conversation-system-2026-04-07
        if not isinstance(message, dict) or message.get("role") not in roles:
            raise Rejected(f"messages.{at}.role: Input should be 'user' or 'assistant'")
        if not message.get("content"):
            raise Rejected(
                f"messages.{at}: all messages must have non-empty content except for the optional final assistant message"
            )
        if any(part.get("type") == "text" and not part.get("text") for part in parts_of(message)):
            raise Rejected("messages: text content blocks must be non-empty")
    return messages


def parts_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A message's content as a list of blocks."""
    content = message.get("content")
    return content if isinstance(content, list) else [{"type": "text", "text": content}]


def _check_results(messages: list[dict[str, Any]]) -> None:
    """Each tool result answers a call of the message before it, and each call is answered by the message after it."""
    waiting: list[str] = []
    for at, message in enumerate(messages):
        parts = parts_of(message)
        results = [str(part.get("tool_use_id")) for part in parts if part.get("type") == "tool_result"]
        for number, result in enumerate(results):
            if result not in waiting:
                raise Rejected(
                    f"messages.{at}.content.{number}: unexpected `tool_use_id` found in `tool_result` blocks: {result}. "
                    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                )
        open_calls = [call for call in waiting if call not in results]
        if open_calls:
            raise Rejected(
                f"messages.{at - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(open_calls)}. Each `tool_use` block must have a corresponding `tool_result` block in the "
                "next message."
            )
        waiting = [str(part.get("id")) for part in parts if part.get("type") == "tool_use"]


def _thinking(body: dict[str, Any], cap: int | None) -> int:
    """How many tokens the model thinks: a part of its budget, the same every time."""
    thinking = body.get("thinking") or {"type": "disabled"}
    kind = thinking.get("type")
    if kind not in ("enabled", "adaptive", "disabled"):
        raise Rejected(
            f"thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags: "
            "'adaptive', 'disabled', 'enabled'"
        )
    if kind == "disabled":
        return 0
    if is_forced(body):
        raise Rejected("Thinking may not be enabled when tool_choice forces tool use.")
    if body.get("temperature") not in (None, 1):
        raise Rejected("`temperature` may only be set to 1 when thinking is enabled.")
    return _ADAPTIVE_THINKING if kind == "adaptive" else _budget(thinking, cap) // 8


def _budget(thinking: dict[str, Any], cap: int | None) -> int:
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int):
        raise Rejected("thinking.enabled.budget_tokens: Field required")
    if budget < _LEAST_THINKING:
        raise Rejected(f"thinking.enabled.budget_tokens: Input should be greater than or equal to {_LEAST_THINKING}")
    if cap is not None and budget >= cap:
        raise Rejected("`max_tokens` must be greater than `thinking.budget_tokens`.")
    return budget


def _prompt(body: dict[str, Any], name: str, messages: list[dict[str, Any]]) -> Prompt:
    tools = tuple(Tool(str(tool.get("name")), tool.get("input_schema") or {}) for tool in seen_tools(body))
    turns = [turn for message in messages for turn in _turns(message)]
    system = "\n".join(str(part.get("text", "")) for part in parts_of({"content": body.get("system") or ""}))
    form = body.get("output_format") or (body.get("output_config") or {}).get("format") or {}
    return Prompt(
        dialect="anthropic-messages",
        model=name,
        turns=(Turn(role="system", text=system), *turns) if system else tuple(turns),
        tools=tools,
        tool_choice=_choice(body.get("tool_choice"), tools),
        schema=form.get("schema"),
    )


def _choice(choice: Any, tools: tuple[Tool, ...]) -> str:
    if choice is None:
        return "auto"
    match choice.get("type"):
        case "any":
            return "required"
        case "tool":
            if choice.get("name") not in {tool.name for tool in tools}:
                raise Rejected(f"Tool '{choice.get('name')}' not found in provided tools")
            return str(choice["name"])
        case other:
            return str(other)


def _turns(message: dict[str, Any]) -> list[Turn]:
    """One message as turns: tool results become turns of their own."""
    parts = parts_of(message)
    turns = [
        Turn(role="tool", text=_result_text(part), answers=str(part.get("tool_use_id")))
        for part in parts
        if part.get("type") == "tool_result"
    ]
    text = "\n".join(str(part.get("text")) for part in parts if part.get("type") == "text")
    calls = tuple(
        ToolCall(str(part.get("name")), part.get("input") or {}, str(part.get("id")))
        for part in parts
        if part.get("type") == "tool_use"
    )
    return [*turns, Turn(role=message["role"], text=text, calls=calls)] if text or calls else turns


def _result_text(part: dict[str, Any]) -> str:
    return "\n".join(str(inner.get("text", "")) for inner in parts_of({"content": part.get("content") or ""}))
