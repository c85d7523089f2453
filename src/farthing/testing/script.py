"""What the model answers: the script of a test, a small agent that works through its tools, or plain filler."""

import re
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from farthing.testing.conversation import Prompt, Reply, ToolCall
from farthing.testing.sample import known_from, sample

Answerer = Callable[[Prompt], Reply | None]
"""Decides a reply from the prompt; None leaves it to the usual answer."""

_DIRECTIVE = re.compile(r"\[\[sim\s+([^\]]*)\]\]")


class Directive(msgspec.Struct, frozen=True):
    """What a prompt asks of the simulation itself, by `[[sim tokens=500 fault=no_usage agent]]` anywhere in its text."""

    fault: str = ""
    tokens: int | None = None
    reasoning: int | None = None
    agent: bool = False


def directive_in(prompt: Prompt) -> Directive:
    """The last directive of the prompt's text; it passes through any gateway, since it is part of a message.

    Raises ValueError for a word it does not know.
    """
    found = [match for turn in prompt.turns if "[[sim" in turn.text for match in _DIRECTIVE.findall(turn.text)]
    if not found:
        return Directive()
    pairs = (word.partition("=") for word in found[-1].split())
    fields = {name: value if mark else "true" for name, mark, value in pairs}
    unknown = set(fields) - set(Directive.__struct_fields__)
    if unknown:
        raise ValueError(f"[[sim]] does not know {', '.join(sorted(unknown))}")
    return msgspec.convert(fields, Directive, strict=False)


class Script:
    """Chooses replies: first the queue, in order, then the answerer, then what the prompt itself implies."""

    def __init__(self, replies: Iterable[Reply | str] | Answerer | None = None) -> None:
        self._queue: deque[Reply] = deque()
        self._answerer: Answerer | None = None
        if callable(replies):
            self._answerer = replies
        else:
            self.push(*(replies or ()))

    def push(self, *replies: Reply | str) -> None:
        """Add replies, one a request. A plain string is a text. Safe from any thread."""
        self._queue.extend(Reply(text=reply) if isinstance(reply, str) else reply for reply in replies)

    def clear(self) -> None:
        self._queue.clear()

    def next(self, prompt: Prompt, directive: Directive) -> Reply:
        if self._queue:
            return self._queue.popleft()
        reply = self._answerer(prompt) if self._answerer else None
        if reply is None and directive.agent:
            reply = agent(prompt)
        return reply or _implied(prompt, directive)


def _implied(prompt: Prompt, directive: Directive) -> Reply:
    """What the request itself forces: a tool it must call, a format it names; else filler."""
    if prompt.tool_choice not in {"auto", "none"} and prompt.tools:
        return Reply(tools=(call_for(prompt, prompt.tool_choice),), reasoning=directive.reasoning)
    if prompt.schema is not None:
        text = msgspec.json.encode(sample(prompt.schema, known_from(prompt))).decode()
        return Reply(text=text, reasoning=directive.reasoning)
    return Reply(tokens=directive.tokens, reasoning=directive.reasoning)


def agent(prompt: Prompt) -> Reply:
    """A small deterministic agent: calls each offered tool once, in order, with arguments from the conversation, then answers.

    Good enough to drive a demonstration: offered `get_order` and `refund`, asked about order A-1001, it looks the order
    up, refunds the amount that came back, and says so.
    """
    made = {call.name for call in prompt.made_calls}
    if prompt.tool_choice != "none":
        for tool in prompt.tools:
            if tool.name not in made:
                return Reply(text=f"I will use {tool.name}.", tools=(call_for(prompt, tool.name),))
    if not made:
        return Reply(text="There is nothing to look up, so here is my answer.")
    done = ", ".join(call.name for call in prompt.made_calls)
    return Reply(text=f"Done. I used {done}, and everything you asked for has been taken care of.")


def call_for(prompt: Prompt, name: str) -> ToolCall:
    """A call of the tool of this name (`required`: of the first) with arguments that fit its schema."""
    tool = next((tool for tool in prompt.tools if tool.name == name), prompt.tools[0])
    if tool.kind == "custom":
        return ToolCall(tool.name, input="example")
    arguments = sample(tool.schema, known_from(prompt))
    return ToolCall(tool.name, arguments if isinstance(arguments, dict) else {})
