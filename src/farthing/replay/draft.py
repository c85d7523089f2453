"""A recorded call as the engine sees one: a draft and a dialect without a body, made from what the record says of it."""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b

import msgspec

from farthing.domain.record import Skeleton
from farthing.domain.refusal import Refusal
from farthing.replay.recorded import Recorded
from farthing.testing.tokens import MESSAGE_OVERHEAD, PRIMING, TOOLS_OVERHEAD, count
from farthing.tokens.exact import JOINT
from farthing.wire.dialect import Answered, Asked, Stream
from farthing.wire.history import ToolUse

_decode_answered = msgspec.msgpack.Decoder(Answered).decode
_TEXTS = 2
"""Of a message: its role and its words."""
BYTES_PER_TOKEN = 4
"""For text that nobody ever counted: a note that the policy adds, or a call that was refused then."""
_ID_LETTERS = 24
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SAMPLES = 64
_MARKS = {ttl: (b',"%s"]' % ttl.encode(), b'"prompt_breakpoint":"%s"' % ttl.encode()) for ttl in ("1h", "5m")}
read_skeleton = msgspec.json.Decoder(Skeleton).decode
encode_answered = msgspec.msgpack.Encoder().encode


class Sent(msgspec.Struct, frozen=True, gc=False):
    """What is on the wire instead of a body: which call it is, and what the policy made of it."""

    call: int
    model: str
    cap: int | None
    more_bytes: int
    """Of text that the policy added at the end."""
    last: bool
    """It is the last call of its run: its tools cannot be called."""


_encode_sent = msgspec.msgpack.Encoder().encode
read_sent = msgspec.msgpack.Decoder(Sent).decode


class RecordedDraft:
    """`farthing.wire.dialect.Draft` of a call whose words nobody kept. What needs words gets none."""

    __slots__ = ("_call", "_last", "_more_bytes", "_shape", "asked")

    def __init__(self, call: Recorded, *, more_bytes: int = 0, last: bool = False, asked: Asked | None = None) -> None:
        self._call = call
        self._more_bytes = more_bytes
        self._last = last
        self._shape: Skeleton | None = None
        self.asked = asked or asked_of(call)

    def shape(self) -> Skeleton:
        """Read when asked for."""
        if self._shape is None:
            self._shape = read_skeleton(self._call.skeleton) if self._call.skeleton else Skeleton()
        return self._shape

    def skeleton(self, key: bytes) -> Skeleton:  # noqa: ARG002 - it was keyed when it was recorded
        return self.shape()

    def history(self) -> tuple[ToolUse, ...]:
        """Tools by name and turn. Arguments and results are not in a record, so no two uses are ever alike."""
        uses: list[ToolUse] = []
        turn = words = 0
        for message in self.shape().messages:
            words += message.role == "user" and not message.tools
            if message.role == "assistant":
                turn += 1
                uses += [_use(message.digest, place, name, turn, words) for place, name in enumerate(message.tools)]
        return tuple(uses)

    def turns(self) -> int:
        return sum(message.role == "assistant" for message in self.shape().messages)

    def words(self) -> int:
        return len(
            {message.digest for message in self.shape().messages if message.role == "user" and not message.tools}
        )

    def texts(self) -> Iterator[str]:
        return iter(())

    def template_tokens(self) -> int | None:
        return None

    def exact_tokens(self) -> int | None:
        """What an exact count would come to: as it did then, else what the provider counted; None where nobody did."""
        call = self._call
        if call.bound == "exact":
            counted = call.input_bound
        elif call.usage is not None:
            counted = call.usage.input_tokens + self._counted_beyond()
        else:
            return None
        return counted - call.overhead_tokens + -(-self._more_bytes // BYTES_PER_TOKEN)

    def _counted_beyond(self) -> int:
        """What an exact count bounds beyond what is billed: nothing in a plain conversation, whose template is published;
        with tools a bound of the template, two tokens for each seam between texts, and ids that nobody bills."""
        shape, overhead = self.shape(), self._call.overhead_tokens
        uses = sum(len(message.tools) for message in shape.messages if message.role == "assistant")
        if not uses and not shape.tool_names:
            return 0
        seams = JOINT * _TEXTS * len(shape.messages)
        billed = MESSAGE_OVERHEAD * len(shape.messages) + PRIMING + TOOLS_OVERHEAD
        return max(0, overhead + seams - billed + _ids_of_a_use() * uses)

    def counted_tokens(self) -> int | None:
        """What a provider's free count would say."""
        usage = self._call.usage
        return None if usage is None else usage.input_tokens + -(-self._more_bytes // BYTES_PER_TOKEN)

    def saying(self, text: str) -> "RecordedDraft":
        added = len(text.encode())
        asked = msgspec.structs.replace(self.asked, text_bytes=self.asked.text_bytes + added)
        return RecordedDraft(self._call, more_bytes=self._more_bytes + added, last=self._last, asked=asked)

    def closing(self) -> "RecordedDraft":
        return RecordedDraft(self._call, more_bytes=self._more_bytes, last=True, asked=self.asked)

    def carrier(self) -> str:
        return ""

    def outbound(self, *, model: str, cap: int | None) -> bytes:
        return _encode_sent(Sent(self._call.id, model, cap, self._more_bytes, self._last))

    def stream(self) -> Stream:
        raise AssertionError("a recorded answer is read whole")


class RecordedDialect:
    """`farthing.wire.dialect.Dialect` of answers that are values already."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.format = name.partition("-")[0]

    def read(self, body: bytes) -> RecordedDraft:  # noqa: ARG002
        raise AssertionError("a recorded call has no body")

    def answered(self, body: bytes) -> Answered:
        return _decode_answered(body)

    def refusal(self, refusal: Refusal) -> bytes:
        return refusal.code.encode()

    def error(self, *, status: int, message: str, code: str = "", field: str = "") -> bytes:  # noqa: ARG002
        return message.encode()

    def stream_error(self, *, message: str, code: str) -> bytes:  # noqa: ARG002
        return message.encode()


def asked_of(call: Recorded) -> Asked:
    """The facts of the request, as far as its record tells them."""
    usage = call.usage
    return Asked(
        model=call.model,
        stream=call.streamed,
        cap=call.cap_asked,
        choices=call.choices,
        reasons=bool(usage and usage.reasoning_output_tokens),
        text_bytes=call.text_bytes,
        overhead_tokens=call.overhead_tokens,
        searches=usage.web_search_requests if usage else 0,
        tier=call.tier,
        cache_ttl=_longest_ttl(call.skeleton),
    )


def _longest_ttl(skeleton: bytes) -> str:
    """Without reading the JSON: a breakpoint is the last item of a message's shape, or has a name."""
    return next((ttl for ttl in ("1h", "5m") if _MARKS[ttl][0] in skeleton or _MARKS[ttl][1] in skeleton), "")


def _use(digest: str, place: int, name: str, turn: int, words: int) -> ToolUse:
    mark = f"{digest}/{place}".encode()
    return ToolUse(name, mark, mark, id=mark.decode(), turn=turn, words=words)


@cache
def _ids_of_a_use() -> int:
    """Tokens of the ids and the JSON around a tool's call and its result: counted of what a client sends back, with ids as
    long as OpenAI's and of letters and digits as random."""
    found = []
    for at in range(_SAMPLES):
        letters = (_LETTERS[byte % len(_LETTERS)] for byte in blake2b(at.to_bytes(), digest_size=_ID_LETTERS).digest())
        use = f"call_{''.join(letters)}"
        sent = [{"id": use, "type": "function", "function": {"name": "", "arguments": ""}}]
        found.append(count(msgspec.json.encode(sent).decode()) + count(use))
    return sum(found) // len(found)
