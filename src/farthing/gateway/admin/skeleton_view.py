"""The shape of a request as the admin side shows it: lengths, keyed hashes and names."""

from itertools import zip_longest

import msgspec

from farthing.accounts.shape import tokens_by_message
from farthing.domain.record import MessageShape
from farthing.ports.records import CallRecord


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """One message without its words."""

    role: str
    digest: str
    bytes: int
    tokens: int | None
    """Its part, by bytes, of what the provider counted; null until it has."""
    tools: tuple[str, ...]
    breakpoint: str


class SkeletonView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it."""

    messages: tuple[MessageView, ...]
    system_digest: str
    tools_digest: str
    prompt_digest: str
    tool_names: tuple[str, ...]
    text_bytes: int
    media: tuple[str, ...]


def view(record: CallRecord) -> SkeletonView:
    """The shape of this call's request."""
    skeleton = record.skeleton
    counted = zip_longest(skeleton.messages, tokens_by_message(record))
    return SkeletonView(
        messages=tuple(_message(message, tokens) for message, tokens in counted),
        system_digest=skeleton.system_digest,
        tools_digest=skeleton.tools_digest,
        prompt_digest=skeleton.prompt_digest,
        tool_names=skeleton.tool_names,
        text_bytes=skeleton.text_bytes,
        media=skeleton.media,
    )


def _message(message: MessageShape, tokens: int | None) -> MessageView:
    return MessageView(
        role=message.role,
        digest=message.digest,
        bytes=message.bytes,
        tokens=tokens,
        tools=message.tools,
        breakpoint=message.breakpoint,
    )
