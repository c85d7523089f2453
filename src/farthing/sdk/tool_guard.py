"""May a tool be called once more? Asked of the rules of `farthing.guard` about one run: its loops, its counts, its minutes."""

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from farthing.call.agents import AgentRules
from farthing.guard.loops import MOST_USES, Finding, LoopRules, find
from farthing.guard.session import Session, SessionLimits
from farthing.sdk.tool_errors import ToolRefused
from farthing.wire.history import ToolUse, digest_of_arguments, digest_of_result, looks_like_error, text_of

SAME_CALL = 3
"""The how-manieth same result of the same call is a loop, where neither the tool nor `[guard]` says."""
_ANSWER = "Do not call it like this again: use what you have, try something else, or answer."


class ToolLimits(NamedTuple):
    """What is too much of one tool."""

    same_call: int | None = None
    """None: as `[guard]` says, or `SAME_CALL`; 0 for never."""
    limit: int | None = None
    """Calls in one run."""
    minutes: int | None = None
    """Since its first call in the run."""
    poll: bool = False
    """It may repeat."""


class Ticket(NamedTuple):
    """A call that goes."""

    use: ToolUse
    place: int


class ToolGuard:
    """The tools of one run. Any thread; time comes in, in milliseconds."""

    def __init__(self, rules: AgentRules | None, started_ms: int) -> None:
        """`rules` are those of `[guard]`; None where there is none."""
        self._rules = rules
        self._lock = threading.Lock()
        self._run = Session(started_ms=started_ms)
        self._each: dict[str, Session] = {}
        self._polls: set[str] = set()
        self._uses: list[ToolUse] = []
        self._dropped = 0
        self._turn = 0
        self._running = 0

    def begin(self, tool: str, arguments: bytes, limits: ToolLimits, now_ms: int) -> Ticket:
        """Count a call that may go. Raises ToolRefused; then nothing was counted."""
        with self._lock:
            if limits.poll:
                self._polls.add(tool)
            self._check_loop(tool, arguments, limits)
            run, each = self._counted(tool, limits, now_ms)
            self._run, self._each[tool] = run, each
            if not self._running:  # calls that run beside each other have not seen each other's results
                self._turn += 1
            self._running += 1
            use = ToolUse(tool, arguments, turn=self._turn)
            self._uses.append(use)
            return Ticket(use, self._dropped + len(self._uses) - 1)

    def end(self, ticket: Ticket, said: str | None, *, failed: bool) -> Finding | None:
        """It gave this result; None where nobody knows. What is found of the run with it, for whoever wants to be told."""
        with self._lock:
            self._running -= 1
            at = ticket.place - self._dropped
            if said is not None and at >= 0:
                self._uses[at] = msgspec.structs.replace(ticket.use, result=digest_of_result(said), error=failed)
            if not self._running and len(self._uses) > 2 * MOST_USES:
                self._dropped += len(self._uses) - MOST_USES
                del self._uses[:-MOST_USES]
            return find(self._uses, self._loops(ToolLimits()))

    def _check_loop(self, tool: str, arguments: bytes, limits: ToolLimits) -> None:
        finding = find(self._uses, self._loops(limits))
        if finding is None or not self._is_in(finding, tool, arguments):
            return
        text = str(finding)
        raise ToolRefused(
            f"{tool} was not called again: {text}",
            tool=tool,
            code="tool_loop",
            what_to_do="give the model something new, or let the tool repeat: run.tool(poll=True)",
            for_model=f"The tool {tool} was not run. {text} {_ANSWER}",
        )

    def _is_in(self, finding: Finding, tool: str, arguments: bytes) -> bool:
        """Whether this call would go on with what was found."""
        if finding.kind == "same_error":
            return tool == finding.tool
        return any(use.name == tool and use.arguments == arguments for use in self._uses[finding.since - 1 :])

    def _loops(self, limits: ToolLimits) -> LoopRules:
        ruled = None if self._rules is None else self._rules.loops
        same_call = limits.same_call
        if same_call is None:
            same_call = SAME_CALL if ruled is None else ruled.same_call if self._blocks else 0
        return LoopRules(same_call, (*(() if ruled is None else ruled.poll), *self._polls))

    @property
    def _blocks(self) -> bool:
        return self._rules is None or self._rules.blocks

    def _counted(self, tool: str, limits: ToolLimits, now_ms: int) -> tuple[Session, Session]:
        """The counters with one more call. Raises ToolRefused where that is one too many."""
        run = self._run.step("", tool_calls=1)
        each = self._each.get(tool, Session(started_ms=now_ms)).step("", tool_calls=1)
        own = SessionLimits(tool_calls=limits.limit, minutes=limits.minutes)
        whole = SessionLimits()
        if self._rules is not None and self._rules.blocks:
            whole = SessionLimits(tool_calls=self._rules.limits.tool_calls, minutes=self._rules.limits.minutes)
        for who, session, most in ((tool, each, own), ("this run", run, whole)):
            passed = session.passed(most, now_ms)
            if passed is not None:
                raise ToolRefused(
                    f"{tool} was not called: {who} {passed.message}",
                    tool=tool,
                    code="tool_limit",
                    what_to_do="raise the limit of run.tool(…) or of [guard], or begin a new run",
                    for_model=f"The tool {tool} was not run: {who} {passed.message}. Answer with what you have.",
                )
        return run, each


def arguments_of(arguments: Mapping[str, Any]) -> bytes:
    """The digest of what a tool is called with; equal for arguments that mean the same."""
    return digest_of_arguments(_json(arguments))


def said_by(result: object) -> tuple[str, bool]:
    """What a result says, and whether it is an error: results of MCP and messages say so themselves, texts by their looks."""
    flag = getattr(result, "isError", getattr(result, "is_error", None))
    content, status = getattr(result, "content", None), getattr(result, "status", None)
    if isinstance(content, str | list) and status in ("success", "error"):  # a message of LangChain
        return text_of(content), status == "error"
    if isinstance(flag, bool) and isinstance(content, list):
        return text_of([_plain(part) for part in content]), flag
    said = result if isinstance(result, str) else _json(result)
    return said, looks_like_error(said)


def _plain(part: Any) -> Any:
    dump = getattr(part, "model_dump", None)
    return dump(mode="json") if callable(dump) else part


def _json(value: Any) -> str:
    try:
        return _write(value).decode()
    except (TypeError, ValueError, RecursionError):  # what no JSON can say is told apart by how it prints
        return repr(value)


def _hook(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if callable(dump) else repr(value)


_write = msgspec.json.Encoder(order="deterministic", enc_hook=_hook).encode
