"""The model behind the simulated provider: it reads the conversation and takes the next step, the same way every time.

It never gives up by itself where its tools do not let it, which is what makes a runaway. Only a request that forbids its
tools (`tool_choice: none`, a last call) brings it to an answer.
"""

import re

from farthing.testing import Prompt, Reply, ToolCall
from farthing.testing.generation import filler

PROSE_TOKENS = 300


def night_model(prompt: Prompt) -> Reply:
    """The next step of whichever agent this is: its first tool tells."""
    return _STEPS[prompt.tools[0].name](prompt)


def read_mail(prompt: Prompt) -> Reply:
    """The login has expired, and so it will be the next time."""
    if prompt.tool_choice == "none":
        return Reply(text="I could not read one message: the mailbox's login has expired. Somebody has to renew it.")
    return Reply(text="Perhaps it works now.", tools=(ToolCall("read_mail", {"folder": "orders"}),))


def search(prompt: Prompt) -> Reply:
    """There is always one more page, and every page is new."""
    topic = prompt.text_of("user").split(" about ")[1].split(".")[0]
    page = int(_last(prompt, r"page (\d+) of", "0"))
    if prompt.tool_choice == "none":
        if not page:
            return Reply(text=f"I had no time to read anything about {topic}.")
        return Reply(
            text=f"I have read {page} pages about {topic}. The best so far is {_last(prompt, r'best: (.+?)[.]', '')}; "
            f"from page {page + 1} on nothing is read."
        )
    return Reply(tools=(ToolCall("search", {"topic": topic, "page": page + 1}),))


def ask_verifier(prompt: Prompt) -> Reply:
    """The analyst: another draft for the verifier."""
    draft = 1 + max((int(call.arguments["draft"]) for call in _made(prompt)), default=0)
    if prompt.tool_choice == "none":
        return Reply(text=f"Draft {draft - 1} is my report. The verifier has not agreed to it: section 4 is open.")
    text = f"Draft {draft}, with your remarks worked in and section 4 written anew. {_prose(draft)}"
    return Reply(tools=(ToolCall("ask_verifier", {"draft": draft, "text": text}),))


def ask_analyst(prompt: Prompt) -> Reply:
    """The verifier: another question for the analyst."""
    seen = int(_last(prompt, r"Draft (\d+),", "0"))
    if prompt.tool_choice == "none":
        return Reply(text=f"I have seen {seen} drafts. The numbers hold, but section 4 still names no source.")
    text = f"Remarks on draft {seen}: better, but section 4 names no source for number {seen + 3}. {_prose(-seen)}"
    return Reply(tools=(ToolCall("ask_analyst", {"text": text}),))


def get_status(prompt: Prompt) -> Reply:
    """An honest wait: it ends when the export has ended."""
    last = _last(prompt, r"status: (.+)", "")
    if last.startswith("done"):
        return Reply(text=f"The export is {last}. The file lies where it always does.")
    return Reply(tools=(ToolCall("get_status", {"job": "export"}),))


def find_order(prompt: Prompt) -> Reply:
    """Honest work: look the order up, pay it back, say so."""
    order = _last(prompt, r"(A-\d+)", "")
    made = {call.name for call in _made(prompt)}
    if "find_order" not in made:
        return Reply(tools=(ToolCall("find_order", {"order": order}),))
    if "refund" not in made:
        return Reply(tools=(ToolCall("refund", {"order": order}),))
    return Reply(text=f"Order {order} is paid back, and its owner knows.")


_STEPS = {step.__name__: step for step in (read_mail, search, ask_verifier, ask_analyst, get_status, find_order)}


def _made(prompt: Prompt) -> list[ToolCall]:
    return [call for turn in prompt.turns for call in turn.calls]


def _last(prompt: Prompt, pattern: str, default: str) -> str:
    """What the pattern finds last among what the user and the tools have said."""
    told = "\n".join(turn.text for turn in prompt.turns if turn.role in ("user", "tool"))
    found = re.findall(pattern, told)
    return found[-1] if found else default


def _prose(number: int) -> str:
    """A few hundred words like no others."""
    return "".join(piece.text for piece in filler(f"report {number}", PROSE_TOKENS))
