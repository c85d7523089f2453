"""What of a request was sent before in its run: system prompt, earlier messages, and results that were fetched again.

`Conversation.take(skeleton)` gives the pieces of one prompt in their order, and remembers them for the run's next call.
Messages are known by their keyed digests; nothing here sees a word.
"""

from collections import Counter
from enum import Enum

from farthing.domain.record import MessageShape, Skeleton

INSTRUCTING = frozenset({"system", "developer"})
LEAST_RESULT_BYTES = 32
"""A shorter result may well be the same by chance."""


class Sent(Enum):
    """Why a piece of the prompt was sent."""

    NEW = "new"
    """For the first time in this run."""
    PROMPT = "prompt"
    """System prompt and tools, again."""
    HISTORY = "history"
    """Messages of earlier calls, again."""
    REFETCH = "refetch"
    """The result of a tool that had been called before with as much, and had answered as much, to the byte."""


Pieces = tuple[tuple[Sent, int], ...]
"""(why, UTF-8 bytes) in the order of the prompt; neighbours differ."""


class Conversation:
    """The past of one run. Memory: about 100 bytes for each different message."""

    __slots__ = ("_heads", "_results", "_times")

    def __init__(self) -> None:
        self._heads: set[str] = set()
        self._times: dict[str, int] = {}
        """How often each message has stood in one prompt."""
        self._results: dict[tuple[object, ...], tuple[str, int]] = {}
        """By what a result looks like: the message that had it first, and which of its copies."""

    def take(self, skeleton: Skeleton) -> Pieces:
        """The pieces of this call's prompt; what of it came before is the run's from now on."""
        pieces = [self._head(skeleton)]
        now: Counter[str] = Counter()
        call_bytes = 0
        for message in skeleton.messages:
            now[message.digest] += 1
            if message.tools and not is_result(message):
                call_bytes = message.bytes
            pieces.append((self._why(message, now[message.digest], call_bytes), message.bytes))
        for digest, times in now.items():
            if times > self._times.get(digest, 0):
                self._times[digest] = times
        return _joined(pieces)

    def _head(self, skeleton: Skeleton) -> tuple[Sent, int]:
        """What stands before the messages: tools, and the system prompt where it is no message."""
        spoken = any(message.role in INSTRUCTING for message in skeleton.messages)
        digest = skeleton.tools_digest if spoken else skeleton.prompt_digest
        again = digest in self._heads
        if digest:
            self._heads.add(digest)
        return Sent.PROMPT if again else Sent.NEW, max(skeleton.text_bytes - sum(m.bytes for m in skeleton.messages), 0)

    def _why(self, message: MessageShape, times: int, call_bytes: int) -> Sent:
        if self._is_refetch(message, times, call_bytes):
            return Sent.REFETCH
        if times > self._times.get(message.digest, 0):
            return Sent.NEW
        return Sent.PROMPT if message.role in INSTRUCTING else Sent.HISTORY

    def _is_refetch(self, message: MessageShape, times: int, call_bytes: int) -> bool:
        if not is_result(message) or message.bytes < LEAST_RESULT_BYTES:
            return False
        looks = (message.tools, call_bytes, message.bytes)
        return self._results.setdefault(looks, (message.digest, times)) != (message.digest, times)


def is_result(message: MessageShape) -> bool:
    """Whether a message answers tools: it names them and is not said by the model."""
    return bool(message.tools) and message.role != "assistant" and not message.role.endswith("_call")


def _joined(pieces: list[tuple[Sent, int]]) -> Pieces:
    """Neighbours of one kind as one piece; empty ones left out."""
    joined: list[tuple[Sent, int]] = []
    for why, size in pieces:
        if joined and joined[-1][0] is why:
            joined[-1] = (why, joined[-1][1] + size)
        elif size:
            joined.append((why, size))
    return tuple(joined)
