"""An upstream made of values: each send takes the next prepared outcome. Implements ports.upstream.Upstream."""

import json
from collections.abc import Callable, Iterable

from farthing.domain.errors import Ambiguous, UpstreamFailed
from farthing.ports.upstream import Outbound


class PreparedAnswer:
    """An answer whose pieces are known; an exception among them is raised when its turn comes."""

    def __init__(
        self, status: int = 200, pieces: Iterable[bytes | Exception] = (), content_type: str = "application/json"
    ):
        self.status = status
        self.headers = [(b"content-type", content_type.encode())]
        self.pieces = list(pieces)
        self.aborted = False
        self.on_read: Callable[[], None] = lambda: None

    async def read(self) -> bytes:
        self.on_read()
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def read_all(self, limit: int) -> bytes:
        body = b""
        while piece := await self.read():
            body += piece
            if len(body) > limit:
                raise Ambiguous("too long")
        return body

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        while piece := await self.read():
            try:
                more = take(piece)
            except BaseException:
                self.abort()
                raise
            if not more:
                return False
            if self.aborted:
                raise Ambiguous("the answer was given up")
        return True

    def abort(self) -> None:
        self.aborted = bool(self.pieces) or self.aborted


class PreparedUpstream:
    """Hands out prepared answers in order and remembers what was sent."""

    def __init__(self, *outcomes: PreparedAnswer | UpstreamFailed):
        self.outcomes = list(outcomes)
        self.sent: list[Outbound] = []

    async def send(self, request: Outbound) -> PreparedAnswer:
        self.sent.append(request)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def close(self) -> None:
        return


def chat_answer(
    prompt_tokens: int = 10, completion_tokens: int = 5, *, finish: str = "stop", **more: object
) -> PreparedAnswer:
    """A whole chat completion that reports this usage."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
        **more,
    }
    return PreparedAnswer(pieces=[json.dumps(body).encode()])


def chat_stream(words: Iterable[str], usage: tuple[int, int] | None, *, done: bool = True) -> PreparedAnswer:
    """A streamed chat completion, one event a piece; `usage` None sends no usage chunk."""
    pieces: list[bytes | Exception] = []

    def event(**fields: object) -> bytes:
        base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-mini-2024-07-18"}
        return b"data: " + json.dumps({**base, **fields}).encode() + b"\n\n"

    pieces.append(event(choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]))
    pieces += [event(choices=[{"index": 0, "delta": {"content": word}, "finish_reason": None}]) for word in words]
    pieces.append(event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    if usage is not None:
        counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
        pieces.append(event(choices=[], usage=counts))
    if done:
        pieces.append(b"data: [DONE]\n\n")
    return PreparedAnswer(pieces=pieces, content_type="text/event-stream; charset=utf-8")
