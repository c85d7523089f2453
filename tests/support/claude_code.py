"""A coding agent's session as its client sends it: 116 kB from the first call on, breakpoints of an hour and of five minutes.

The shape is that of a recorded session (long system prompt, a score of verbose tools, a conversation that grows by a
tool call and its result each turn, everything cached, the cap at 32,000), the words are made up.
"""

from typing import Any

from farthing.testing import Reply, ToolCall

SYSTEM_BYTES = 14_000
TOOLS = 24
TOOL_BYTES = 3_000
OPENING_BYTES = 28_000
RESULT_BYTES = 2_400
TURNS = 15
CAP = 32_000
HOUR = {"type": "ephemeral", "ttl": "1h"}
FIVE_MINUTES = {"type": "ephemeral"}
_WORDS = [
    "the",
    "file",
    "has",
    "a",
    "function",
    "that",
    "reads",
    "each",
    "line",
    "of",
    "input",
    "and",
    "returns",
    "what",
    "it",
    "found",
    "or",
    "says",
    "why",
    "it",
    "could",
    "not",
]


def prose(size: int, seed: int) -> str:
    """About `size` bytes of plain English, different for each seed."""
    words, length, at = [], 0, seed * 7
    while length < size:
        word = _WORDS[(at * at + seed) % len(_WORDS)] if at % 11 else f"item{seed}_{at}"
        words.append(word)
        length += len(word) + 1
        at += 1
    return " ".join(words)


def tools() -> list[dict[str, Any]]:
    schema = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
    return [
        {"name": f"tool_{number}", "description": prose(TOOL_BYTES, number), "input_schema": schema}
        for number in range(TOOLS)
    ]


def system() -> list[dict[str, Any]]:
    return [
        {"type": "text", "text": "You are a coding agent."},
        {"type": "text", "text": prose(SYSTEM_BYTES, 99), "cache_control": HOUR},
    ]


def first_messages() -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": prose(OPENING_BYTES, 100)}]}]


def body(messages: list[dict[str, Any]], model: str) -> dict[str, Any]:
    """One turn: the last message carries a breakpoint of five minutes."""
    *before, last = messages
    *parts, final = last["content"]
    marked = {**last, "content": [*parts, {**final, "cache_control": FIVE_MINUTES}]}
    return {
        "model": model,
        "max_tokens": CAP,
        "system": system(),
        "tools": tools(),
        "messages": [*before, marked],
        "metadata": {"user_id": "user_1_account__session_2"},
        "stream": True,
    }


def grown(messages: list[dict[str, Any]], call_id: str, turn: int) -> list[dict[str, Any]]:
    """The conversation after the model used a tool and its result came back."""
    use = {"type": "tool_use", "id": call_id, "name": f"tool_{turn % TOOLS}", "input": {"path": f"src/{turn}.py"}}
    result = {"type": "tool_result", "tool_use_id": call_id, "content": prose(RESULT_BYTES, 200 + turn)}
    return [*messages, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]


def model_answer(turn: int) -> Reply:
    """What the model does in a turn: a sentence and a tool call."""
    return Reply(text=prose(600, 300 + turn), tools=(ToolCall(f"tool_{turn % TOOLS}", {"path": f"src/{turn}.py"}),))
