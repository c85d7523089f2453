"""What every dialect can do, and the neutral facts that one request states about itself."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec

from farthing.domain.record import Skeleton
from farthing.domain.refusal import Refusal
from farthing.domain.usage import Usage
from farthing.wire.history import ToolUse


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """One part that is not text. `bytes` is its decoded size where the body holds it, 0 where it only points to it."""

    kind: str
    """`image`, `audio`, `video` or `document`."""
    bytes: int = 0
    width: int = 0
    """Pixels, read from the image's own header; 0 where unknown."""
    height: int = 0
    detail: str = ""
    """OpenAI's `low`, `high` or `auto`."""
    pages: int = 0


class Asked(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The facts of one request that decide about money. Made from values of the body, each checked for type and range."""

    model: str
    stream: bool = False
    cap: int | None = None
    """The output cap the caller named, per choice; None where it named none."""
    smallest_cap: int = 1
    """The smallest cap that the provider accepts."""
    choices: int = 1
    """`n`: how many answers, each up to the cap."""
    thinking: int | None = None
    """The thinking budget inside the cap (Anthropic `budget_tokens`)."""
    reasons: bool = False
    """The body turns reasoning on."""
    text_bytes: int = 0
    """UTF-8 bytes of everything that becomes prompt text: never smaller than its token count under byte-level BPE."""
    overhead_tokens: int = 0
    """Template tokens that the provider adds around messages and tools, an upper bound."""
    media: tuple[Media, ...] = ()
    predicted_bytes: int = 0
    """UTF-8 bytes of a predicted output: rejected prediction tokens are billed as output on top."""
    pointers: tuple[str, ...] = ()
    """JSON paths whose content lives elsewhere: previous_response_id, conversation, prompt.id, file ids, URLs, containers."""
    previous: str = ""
    """The id in `previous_response_id`, if any."""
    uncapped: tuple[str, ...] = ()
    """JSON paths of features that bill without a cap: refused under a hard budget."""
    uncapped_kind: str = ""
    """The type of the first of them, where it is a tool."""
    searches: int = 0
    """The most web searches the body allows (`max_uses`)."""
    rounds: int = 1
    """How often the provider may run the model for this one request (a loop over its own tools), each time billing the
    input again: the input bound is to be taken this many times."""
    tier: str = ""
    """`flex`, `priority` or "" (standard or the provider's choice is ""); `auto` where the body lets the provider choose a dearer one."""
    cache_ttl: str = ""
    """The longest cache write the body asks for: "", `5m` or `1h`."""
    audio_input: bool = False
    """Something of the prompt may be sound, beside the `audio` among its media."""
    audio_output: bool = False
    wants_usage: bool = True
    """A streaming client that asked to see usage, or a dialect that always shows it."""
    attribution: tuple[tuple[str, str], ...] = ()
    """Labels the body itself carries: `user` from user/safety_identifier/metadata.user_id, `tag.*` from metadata."""


class Answered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a whole answer says of itself. `usage` None: it does not say, and nothing may be guessed from that."""

    usage: Usage | None
    flaw: str = ""
    """Why usage was there but not believable."""
    model: str = ""
    id: str = ""
    finish: str = ""
    """The dialect's own word: `stop`, `length`, `end_turn`, `max_tokens`, `incomplete`, …"""
    tier: str = ""
    """The service tier that was served and is billed ("" standard, `flex`, `priority`, `batch`)."""
    pending: bool = False
    """The answer is not finished (a background response): its usage will come later."""
    calls: bytes = b""
    """The output as JSON, where it calls tools and the next request may only point to it (`calls_in`)."""
    failed: str = ""
    """A 200 whose body is an error, in its words' type only (`overloaded_error`); "" where it is an answer."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What we add to a stream's usage event, under the key `farthing`."""

    call_id: str
    cost_usd: str | None
    remaining_usd: str | None


class Stream(Protocol):
    """Reads one streamed answer on its way through. Survives any split of the bytes.

    Feed pieces as they come and forward what `feed` returns at once. The event that carries the final usage and every
    event after it are kept back, so that money is settled before the client sees the end: when `ended` turns True,
    settle, then forward `finish(note)`. When the upstream ends while `ended` is False the answer was truncated:
    `rest()` is what was kept back. Raises BadRequest never; malformed events set `broken`.
    """

    ended: bool
    """The dialect's own end was seen ([DONE], message_stop, response.completed, …)."""
    broken: str
    """Why the bytes are not this dialect's stream ("" while they are): oversize event or line, malformed JSON where usage should be."""
    observed: int
    """A LOWER bound of output tokens seen: events that carried new output, each at least one token, or running usage if greater."""
    output_bytes: int
    """UTF-8 bytes of output text and arguments seen, about."""

    def feed(self, piece: bytes) -> bytes: ...

    def close(self) -> None:
        """The bytes have come to their proper end. For dialects that have no other end; the others do nothing."""
        ...

    def finish(self, note: Note | None) -> bytes: ...

    def rest(self) -> bytes: ...

    def answered(self) -> Answered:
        """What has been learned so far; `usage` is None until the final usage has been seen."""
        ...

    def partial(self) -> Usage | None:
        """The usage reported so far even if it is not final (Anthropic's message_start), or None."""
        ...


class Draft(Protocol):
    """One request body, parsed once, edited in place, written again in its own key order."""

    asked: Asked

    def skeleton(self, key: bytes) -> Skeleton:
        """Lengths, names and keyed hashes (BLAKE2b, 8 bytes, `key`) of every message; never content."""
        ...

    def history(self) -> tuple[ToolUse, ...]:
        """Every use of a tool that the body tells of, in the order of the calls. Read when asked for, at the cost of the
        body's length."""
        ...

    def turns(self) -> int:
        """Assistant turns in the body: how many steps the conversation has had. What the provider keeps is not counted."""
        ...

    def words(self) -> int:
        """How many things the user has said in the body, without those said more than once; `ToolUse.words` is the same up
        to a call."""
        ...

    def texts(self) -> Iterator[str]:
        """Every piece of prompt text, tool definitions as JSON, for an exact count."""
        ...

    def template_tokens(self) -> int | None:
        """Exactly the template tokens, where the provider has published its template and every text of this body stands
        alone between special tokens; None where `asked.overhead_tokens` is the best that is known. For an exact count."""
        ...

    def saying(self, text: str) -> "Draft":
        """A copy that tells the model this at its end, behind the caller's last cache breakpoint; the draft itself where
        it has no place for a text."""
        ...

    def closing(self) -> "Draft":
        """A copy for a last call: its tools stay in the body and none is callable but `carrier`, and the model thinks as
        little as it can."""
        ...

    def carrier(self) -> str:
        """The tool that carries the answer, because the body makes the model call it or by its name; "" where a text is
        the answer."""
        ...

    def outbound(self, *, model: str, cap: int | None) -> bytes:
        """The body to send: this model, exactly one cap field (`cap` None leaves the caller's own), usage asked for when
        streaming, a thinking budget lowered to fit under the cap. Everything else and the order of keys stay."""
        ...

    def stream(self) -> Stream:
        """A reader for the streamed answer to this request."""
        ...


class CountRequest(NamedTuple):
    """A free token count to ask the provider for."""

    path: str
    """Below the provider's base."""
    body: bytes


@runtime_checkable
class Countable(Protocol):
    """A draft whose provider counts tokens for free."""

    def count_request(self, *, model: str, path: str) -> CountRequest:
        """The count of this request for this model; `path` is that of the request itself."""
        ...

    def counted(self, body: bytes) -> int | None:
        """The answer to it, or None where it is none."""
        ...


class Dialect(Protocol):
    """One wire format. Stateless; one instance serves all calls."""

    name: str
    """`openai-chat`, `openai-responses`, `anthropic-messages`, `openai-embeddings`, `gemini`."""
    format: str
    """The provider format that speaks it: `openai`, `anthropic` or `gemini`."""

    def read(self, body: bytes) -> Draft:
        """Parse a request. Raises BadRequest naming the field for anything that cannot be understood exactly."""
        ...

    def answered(self, body: bytes) -> Answered:
        """Read a whole answer (status 2xx)."""
        ...

    def refusal(self, refusal: Refusal) -> bytes:
        """A refusal as this dialect's error body, with the numbers under `farthing`."""
        ...

    def error(self, *, status: int, message: str, code: str = "", field: str = "") -> bytes:
        """Any other error as this dialect's error body."""
        ...

    def stream_error(self, *, message: str, code: str) -> bytes:
        """The dialect's own error event, to end a stream that must stop."""
        ...
