"""The conversation of an agent in the words of each provider: what is sent, what came back, and what is left out later."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from farthing.sdk.tool_schema import Described

DIGEST = 80
"""Characters of a tool's result that stay of it."""
ENOUGH = 1_024
"""Output tokens of one call where nobody says; Anthropic wants a number."""


class ToolCall(NamedTuple):
    """A tool that the model wants to call."""

    id: str
    name: str
    arguments: str | Mapping[str, Any]


class Speech(ABC):
    """A conversation that grows at its end."""

    def __init__(
        self, create: Callable[..., Any], model: str, tools: Sequence[Described], more: Mapping[str, Any]
    ) -> None:
        self._create = create
        self._model = model
        self._tools = tools
        self._more = dict(more)
        self.messages: list[dict[str, Any]] = []
        self._results: list[tuple[int, dict[str, Any], str]] = []
        """The turn, the part of a message, and the tool, of every result."""
        self._long: list[tuple[int, dict[str, Any], str]] = []
        """Those of them that may still be made short."""
        self._turn = 0
        self._text = ""

    @abstractmethod
    def request(self, *, note: str, last: bool) -> Callable[[], Any]:
        """The next call of the model. `note` stands behind everything, this once; in the `last` one no tool is called."""

    @abstractmethod
    def read(self, reply: Any) -> tuple[ToolCall, ...]:
        """Take up what the model said: the tools it wants."""

    @abstractmethod
    def answer(self, call: ToolCall, result: str, *, failed: bool) -> None:
        """What a tool said."""

    def compress(self, keep: int) -> int:
        """One line instead of each tool result that is older than so many turns. How many were left out."""
        self._long = [each for each in self._long if len(each[1]["content"]) > 2 * DIGEST]
        old = [each for each in self._long if each[0] <= self._turn - keep]
        self._long = [each for each in self._long if each not in old]
        for _, part, tool in old:
            said = part["content"]
            begun = " ".join(said[:DIGEST].split())
            part["content"] = f"[{tool} gave {len(said):,} characters, left out; they began: {begun}…]"
        return len(old)

    def found(self) -> str:
        """The last answer; where there is none, what was found so far, said as that."""
        if self._text:
            return self._text
        told = "\n".join(f"- {tool}: {part['content'][:300]}" for _, part, tool in self._results[-5:])
        return "The budget was used up before there was an answer." + (f" Found so far:\n{told}" if told else "")

    @staticmethod
    def text_of(result: Any) -> str:
        """A tool's result as text."""
        if isinstance(result, str):
            return result
        try:
            return msgspec.json.encode(result).decode()
        except (TypeError, ValueError):
            return str(result)

    def _keep(self, part: dict[str, Any], tool: str) -> None:
        self._results.append((self._turn, part, tool))
        self._long.append(self._results[-1])


class Chat(Speech):
    """OpenAI's chat completions."""

    def request(self, *, note: str, last: bool) -> Callable[[], Any]:
        said = {"model": self._model, "messages": self.messages, **self._more}
        if note:
            said["messages"] = [*self.messages, {"role": "user", "content": note}]
        if self._tools:  # they stay, although no more is called: what stands first is cached
            shown = [{"name": t.name, "description": t.description, "parameters": t.schema} for t in self._tools]
            said["tools"] = [{"type": "function", "function": function} for function in shown]
            said["tool_choice"] = "none" if last else "auto"
        return lambda: self._create(**said)

    def read(self, reply: Any) -> tuple[ToolCall, ...]:
        message = reply.choices[0].message
        self._turn += 1
        self._text = message.content or ""
        self.messages.append(
            message.model_dump(exclude_none=True, include={"role", "content", "tool_calls", "refusal"})
        )
        asked = (each for each in message.tool_calls or () if each.type == "function")
        return tuple(ToolCall(each.id, each.function.name, each.function.arguments) for each in asked)

    def answer(self, call: ToolCall, result: str, *, failed: bool) -> None:
        del failed  # OpenAI has no word for it: the text says so
        part = {"role": "tool", "tool_call_id": call.id, "content": result}
        self.messages.append(part)
        self._keep(part, call.name)


class Messages(Speech):
    """Anthropic's messages."""

    def __init__(self, *given: Any, system: str) -> None:
        super().__init__(*given)
        self._more.setdefault("max_tokens", ENOUGH)
        if system:
            self._more["system"] = system

    def request(self, *, note: str, last: bool) -> Callable[[], Any]:
        said = {"model": self._model, "messages": self.messages, **self._more}
        if note:
            *others, latest = self.messages
            said["messages"] = [*others, {**latest, "content": [*latest["content"], {"type": "text", "text": note}]}]
        if self._tools:
            said["tools"] = [
                {"name": t.name, "description": t.description, "input_schema": t.schema} for t in self._tools
            ]
            said["tool_choice"] = {"type": "none" if last else "auto"}
        return lambda: self._create(**said)

    def read(self, reply: Any) -> tuple[ToolCall, ...]:
        self._turn += 1
        self._text = "".join(part.text for part in reply.content if part.type == "text")
        content = [part.model_dump(exclude_none=True, mode="json") for part in reply.content]
        self.messages.append({"role": "assistant", "content": content})
        return tuple(ToolCall(each.id, each.name, each.input) for each in reply.content if each.type == "tool_use")

    def answer(self, call: ToolCall, result: str, *, failed: bool) -> None:
        part = {"type": "tool_result", "tool_use_id": call.id, "content": result, "is_error": failed}
        if self.messages[-1]["role"] != "user":
            self.messages.append({"role": "user", "content": []})
        self.messages[-1]["content"].append(part)
        self._keep(part, call.name)


def speech_for(
    client: Any, model: str, system: str, question: str, tools: Sequence[Described], more: Mapping[str, Any]
) -> Speech:
    """The conversation that this client can have, with its first question."""
    if hasattr(client, "chat"):
        speech: Speech = Chat(client.chat.completions.create, model, tools, more)
        asked: Any = question
        speech.messages.extend([{"role": "system", "content": system}] if system else [])
    else:
        speech = Messages(client.messages.create, model, tools, more, system=system)
        asked = [{"type": "text", "text": question}]
    speech.messages.append({"role": "user", "content": asked})
    return speech
