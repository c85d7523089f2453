"""Conversations that Anthropic's side keeps (`thread`, a beta): a request continues one by the id of its last answer.

What is kept is read again, and billed again, as if the request had brought it.
https://platform.claude.com/docs/en/api/messages
"""

from typing import Any

from farthing.testing.errors import Rejected

Body = dict[str, Any]

_MOST = 4_096
_OF_THE_THREAD = ("system", "tools")
"""What a thread was created with, and no later request names."""


class Threads:
    """What is kept, by the id of the answer that it ends with."""

    def __init__(self) -> None:
        self._kept: dict[str, Body] = {}

    def clear(self) -> None:
        self._kept.clear()

    def whole(self, body: Body) -> Body:
        """The request as the model reads it, with what is kept of its conversation. Raises Rejected."""
        thread = body.get("thread")
        if thread is None:
            return body
        match thread if isinstance(thread, dict) else {}:
            case {"type": "create"}:
                return body
            case {"type": "continue", "previous_message_id": str(previous)}:
                return self._continued(body, previous)
        raise Rejected("thread: Input should be a valid dictionary of type 'create' or 'continue'")

    def keep(self, id: str, body: Body, content: list[Body]) -> None:
        """Remember a conversation up to its newest answer. `body` is the whole request."""
        if len(self._kept) >= _MOST:
            self._kept.pop(next(iter(self._kept)))
        kept = {name: body[name] for name in _OF_THE_THREAD if name in body}
        self._kept[id] = {**kept, "messages": [*body["messages"], {"role": "assistant", "content": content}]}

    def _continued(self, body: Body, previous: str) -> Body:
        named = next((name for name in _OF_THE_THREAD if name in body), None)
        if named is not None:
            raise Rejected(f"{named}: cannot be given with thread.type 'continue'")
        kept = self._kept.get(previous)
        if kept is None:
            raise Rejected(
                f"thread.previous_message_id: no thread ends with {previous}",
                status=404,
                kind="not_found_error",
                code="thread_not_found",
            )
        given = body.get("messages")
        return {**body, **kept, "messages": [*kept["messages"], *(given if isinstance(given, list) else [])]}
