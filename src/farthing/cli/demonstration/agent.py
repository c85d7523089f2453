"""The agent: asks the model, runs the tools it names, and goes on until it has an answer or is stopped."""

from collections.abc import Callable
from typing import Any

import msgspec

from farthing.cli.demonstration.client import Reply, post
from farthing.cli.demonstration.tickets import POLICY, RUN, TOOLS, Ticket

MODEL = "gpt-4o"
MOST_STEPS = 40
"""Where the agent gives up by itself. Many real ones have no such number."""

Progress = Callable[[Ticket, int], None]
"""Told of every step: the ticket and how many calls it has made."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one ticket ended."""

    ticket: Ticket
    calls: int
    """Model calls that were answered."""
    answer: str = ""
    refusal: dict[str, Any] = {}
    """The numbers of the refusal that stopped it."""
    requests_after_no: int = 0
    """Requests that were sent for the refused call."""

    @property
    def resolved(self) -> bool:
        return bool(self.answer)


async def resolve(ticket: Ticket, url: str, headers: dict[str, str], progress: Progress) -> Outcome:
    """Work on one ticket. `url` is a provider, or a gateway in front of one: the agent cannot tell."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": POLICY}, {"role": "user", "content": ticket.text}]
    for calls in range(MOST_STEPS):
        body = {"model": MODEL, "messages": messages, "tools": TOOLS}
        reply = await post(url, "/v1/chat/completions", body, headers)
        if reply.status != 200:
            return Outcome(ticket=ticket, calls=calls, refusal=_refusal(reply), requests_after_no=reply.sent)
        progress(ticket, calls + 1)
        said = reply.body["choices"][0]["message"]
        if not said.get("tool_calls"):
            return Outcome(ticket=ticket, calls=calls + 1, answer=said["content"])
        messages.append(said)
        messages += [_run(call) for call in said["tool_calls"]]
    return Outcome(ticket=ticket, calls=MOST_STEPS)


def _run(call: dict[str, Any]) -> dict[str, Any]:
    """Run a tool here, and tell the model what came of it."""
    wanted = call["function"]
    result = RUN[wanted["name"]](**msgspec.json.decode(wanted["arguments"]))
    return {"role": "tool", "tool_call_id": call["id"], "content": msgspec.json.encode(result).decode()}


def _refusal(reply: Reply) -> dict[str, Any]:
    error = reply.body.get("error", {})
    return {
        "status": reply.status,
        "code": error.get("code"),
        "message": error.get("message"),
        **error.get("farthing", {}),
    }
