"""Neutral values of the simulated provider: what a request asks of the model, and what the model says to it."""

from typing import Any

import msgspec


class Tool(msgspec.Struct, frozen=True):
    """A tool the request offers."""

    name: str
    schema: dict[str, Any]
    """JSON Schema of its arguments."""
    kind: str = "function"
    """`function`; in Responses also `custom`, which takes plain text, and `local_shell`."""
    namespace: str = ""
    """The group of tools that it is offered in, where there is one."""


class ToolCall(msgspec.Struct, frozen=True):
    """The model asks for one tool with these arguments, or, where it is a custom one, with this text."""

    name: str
    arguments: dict[str, Any] = {}
    id: str = ""
    input: str | None = None

    @property
    def text(self) -> str:
        """What stands in the answer: the arguments as JSON, or the plain text."""
        if self.input is not None:
            return self.input
        return msgspec.json.encode(self.arguments).decode()


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `role` is `system`, `user`, `assistant` or `tool`."""

    role: str
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    answers: str = ""
    """For a tool's result: the id of the call it answers."""


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the model sees it, whatever dialect it came in."""

    dialect: str
    """`openai-chat`, `openai-responses`, `anthropic-messages`, `openai-embeddings` or `gemini`."""
    model: str
    turns: tuple[Turn, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the one function that must be called."""
    schema: dict[str, Any] | None = None
    """The JSON Schema that the answer's text must satisfy, if the request names one."""

    def text_of(self, role: str) -> str:
        """All text of one role, joined by line ends."""
        return "\n".join(turn.text for turn in self.turns if turn.role == role and turn.text)

    @property
    def made_calls(self) -> tuple[ToolCall, ...]:
        """The calls made since the user last spoke."""
        spoke = max((at for at, turn in enumerate(self.turns) if turn.role == "user"), default=0)
        return tuple(call for turn in self.turns[spoke:] for call in turn.calls)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the model answers. With neither text nor tools it is filler of `tokens` tokens."""

    text: str | None = None
    tools: tuple[ToolCall, ...] = ()
    tokens: int | None = None
    """Length of the filler; None for the provider's usual length."""
    reasoning: int | None = None
    """Tokens of thinking; None for what the model's effort setting implies."""
