"""A budget-aware agent in one sitting, to use (`run.agent(…)`) or to copy: OpenAI's chat and Anthropic's messages.

Before each call it looks at what is left of what it had when it began, and acts on it:

* From half of it on the model is told what is left, in a note behind all other messages that the next request does not repeat:
  what a provider has cached stays cached.
* From 70 % on old tool results become one line each, all but those of the last `KEEP` turns. This changes what was
  sent before, so the provider's cache is lost from there on: it is done at most once in `EVERY` turns.
* From 90 % on, or when what is left is less than three times what the dearest turn took, comes the last call: without
  tools, to answer with what there is. Where not even that fits, the answer is what was found so far.
"""

import inspect
from collections.abc import Callable, Generator, Iterable
from typing import Any, NamedTuple, Protocol

from farthing.sdk.agent_pace import COMPRESS, Pace
from farthing.sdk.agent_speech import Speech, speech_for
from farthing.sdk.amounts import Amounts
from farthing.sdk.errors import BudgetExceeded, Misused
from farthing.sdk.loops import here
from farthing.sdk.receipt import RunReceipt
from farthing.sdk.tool_errors import ToolRefused
from farthing.sdk.tool_schema import Described, described
from farthing.sdk.wrap import wrap

KEEP, EVERY = 2, 5
STUBBORN = 2
"""So many turns in a row of which no tool call may be made are the last."""

Work = Generator[Callable[[], Any], Any, tuple[str, str, int]]
"""What is to be done next; it is sent what came of it. Ends with the text, why it ended, and the calls made."""


class Purse(Protocol):
    """What an agent needs of the budget it works within: a run."""

    @property
    def remaining(self) -> Amounts: ...

    @property
    def receipt(self) -> RunReceipt: ...

    def tool(self, work: Callable[..., Any], /) -> Callable[..., Any]: ...


class Answer(NamedTuple):
    """What an agent came to."""

    text: str
    why: str
    """`answered`, or what made it land: `budget`, `turns` or `loop`."""
    calls: int
    """Of the model."""
    receipt: RunReceipt
    """Of the run, so far."""


def agent(
    run: Purse,
    client: Any,
    question: str,
    *,
    model: str,
    tools: Iterable[Callable[..., Any]] = (),
    system: str = "",
    turns: int = 30,
    **more: Any,
) -> Any:
    """Answer a question with tools, within a run's budget: an `Answer`, or with an asynchronous client one to await.

    `tools` are functions with type hints; those that are no tools of a run become tools of this one. `more` goes with every
    call, like `temperature` or `max_tokens`. Raises what the client raises, but never `BudgetExceeded`.
    """
    if turns < 1:
        raise Misused(f"an agent needs a turn to answer in, not {turns}")
    client, asynchronous = wrap(client), type(client).__name__.startswith("Async")
    known = {each.name: each for each in map(described, map(run.tool, tools))}
    if not asynchronous and (
        waiting := [each.name for each in known.values() if inspect.iscoroutinefunction(each.work)]
    ):
        raise Misused(f"asynchronous tools ({', '.join(waiting)}) need an asynchronous client")
    work = _work(run, speech_for(client, model, system, question, tuple(known.values()), more), known, turns)
    if asynchronous:
        return _answered_async(run, work)
    return _answered(run, work)


def _work(run: Purse, speech: Speech, tools: dict[str, Described], turns: int) -> Work:
    pace = Pace((yield lambda: run.remaining))
    why, compressed, refused, turn = "", -EVERY, 0, 0
    while True:
        turn += 1
        pace.look((yield lambda: run.remaining))
        if pace.short:
            why = "budget"
        why = why or ("loop" if refused >= STUBBORN else "turns" if turn >= turns else "")
        if pace.used >= COMPRESS and turn - compressed >= EVERY:
            speech.compress(KEEP)
            compressed = turn
        try:
            calls = speech.read((yield speech.request(note=pace.note(last=bool(why)), last=bool(why))))
        except BudgetExceeded:
            if not speech.compress(0) and why:
                return speech.found(), "budget", turn - 1
            why, turn = "budget", turn - 1
            continue
        if why or not calls:
            return speech.found(), why or "answered", turn
        done = 0
        for call in calls:
            result, ok = yield from _use(tools.get(call.name), call.arguments, call.name)
            done += ok is not None
            speech.answer(call, result, failed=not ok)
        refused = 0 if done else refused + 1


def _use(
    tool: Described | None, arguments: Any, name: str
) -> Generator[Callable[[], Any], Any, tuple[str, bool | None]]:
    """What a tool says, and whether it went well; None where it was not called."""
    if tool is None:
        return f"Error: there is no tool {name}.", False
    try:
        named = tool.arguments(arguments)
        result = yield lambda: tool.work(**named)
    except ToolRefused as no:
        return no.for_model, None
    except Exception as error:  # noqa: BLE001 - the model is told, and may do better
        return f"Error: {type(error).__name__}: {error}", False
    return Speech.text_of(result), True


def _answered(run: Purse, work: Work) -> Answer:
    reply, error = None, None
    while True:
        try:
            act = work.send(reply) if error is None else work.throw(error)
        except StopIteration as end:
            text, why, calls = end.value
            return Answer(text, why, calls, run.receipt)
        reply, error = None, None
        try:
            reply = act()
        except Exception as raised:  # noqa: BLE001 - the work knows which of them it can go on after
            error = raised


async def _answered_async(run: Purse, work: Work) -> Answer:
    reply, error = None, None
    while True:
        try:
            act = work.send(reply) if error is None else work.throw(error)
        except StopIteration as end:
            text, why, calls = end.value
            return Answer(text, why, calls, await here().in_thread(lambda: run.receipt))
        reply, error = None, None
        try:
            reply = await here().in_thread(act)  # a blocking tool holds up nobody else
            reply = await reply if inspect.isawaitable(reply) else reply
        except Exception as raised:  # noqa: BLE001 - as above
            error = raised
