"""Who a call is for: labels from the key, our own header, W3C baggage, and what clients send of themselves.

Sources in order of trust: the key's labels, `x-farthing-labels`, `baggage`, known clients' headers, the body. Trust
decides which value a label gets; whether it may choose budgets is the key's to say (`Attribution.trusted`).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from farthing.domain.budget import NOBODY, OTHERS
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.domain.record import Labels

HEADER = "x-farthing-labels"
MAX_LABELS = 32
"""The most labels taken from one source."""
MAX_VALUE = 128
"""Characters of a label's value."""
LABEL_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")

_TRACE = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}.*")
_OURS = b"x-farthing-labels"
_TRACEPARENT = b"traceparent"
_PREFIX = b"farthing."
_SHORT = 256
"""What is longer is not remembered: callers choose it."""

Heard = tuple[tuple[bytes, bytes], ...]
_Terms = tuple[Labels, tuple[str, ...], tuple[str, ...]]
"""A key's labels, `may_set` and `require`."""


class Attribution(msgspec.Struct, frozen=True):
    """Who a call is for. `trusted` are the labels that may choose budgets; None: all (keyless mode)."""

    labels: Labels
    trusted: frozenset[str] | None
    parent: str = ""
    """The span that a `traceparent` names: the call's place in its caller's own trace. "" for none."""


def attribute(headers: Iterable[tuple[bytes, bytes]], body: Labels = (), key: Key | None = None) -> Attribution:
    """The labels of one call. Header names are lower-case; `body` is what the dialect found (`Asked.attribution`).

    Raises BadRequest for an `x-farthing-labels` that cannot be understood and for a label that the key requires and the
    call lacks. What other software sends is never the caller's mistake: what does not fit is left out.
    """
    return attribute_heard(heard_in(headers), body, key)


def heard_in(headers: Iterable[tuple[bytes, bytes]]) -> Heard:
    """Those of these headers that say whom a call is for."""
    return tuple(pair for pair in headers if pair[0] in _HEARD)


def attribute_heard(heard: Heard, body: Labels = (), key: Key | None = None) -> Attribution:
    """`attribute`, from what `heard_in` found. Short words are remembered: callers repeat themselves."""
    terms = None if key is None else (key.labels, key.may_set, key.require)
    for _, value in (*heard, *body):
        if len(value) > _SHORT:
            return _attribution(heard, body, terms)
    return _remembered(heard, body, terms)


def _attribution(heard: Heard, body: Labels, terms: _Terms | None) -> Attribution:
    labels = dict(_fitting(body)) if body else {}
    parent = _hear(heard, labels) if heard else ""
    if terms is None:
        return Attribution(tuple(sorted(labels.items())), None, parent)
    bound, may_set, require = terms
    labels.update(bound)
    trusted = choosing(bound, may_set)
    for label in require:
        if label not in labels or label not in trusted:
            raise BadRequest(
                f"this key requires the label {label!r}; send `{HEADER}: {label}=…`",
                field=HEADER,
                code="label_required",
            )
    return Attribution(tuple(sorted(labels.items())), trusted, parent)


_remembered = lru_cache(maxsize=4_096)(_attribution)


@lru_cache(maxsize=4_096)
def choosing(labels: Labels, may_set: tuple[str, ...]) -> frozenset[str]:
    """The labels that choose budgets for a key: those bound to it and those its callers may set."""
    return frozenset(name for name, _ in labels) | frozenset(may_set)


@lru_cache(maxsize=512)
def read_labels(value: bytes) -> Labels:
    """`team=a,user=b` as labels. Raises BadRequest that names the label at fault. Remembered: a run repeats its header."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{HEADER} is not UTF-8 text", field=HEADER) from error
    labels: dict[str, str] = {}
    for name, label in _pairs(text):
        flaw = f"it is given twice, as {labels[name]!r} and {label!r}" if labels.get(name, label) != label else ""
        flaw = flaw or flaw_of(name, label)
        if flaw:
            raise BadRequest(f"the label {name[:80]!r} in {HEADER} cannot be used: {flaw}", field=HEADER)
        labels[name] = label
    if len(labels) > MAX_LABELS:
        raise BadRequest(f"{HEADER} has {len(labels)} labels; {MAX_LABELS} are the most", field=HEADER)
    return tuple(labels.items())


@lru_cache(maxsize=1_024)
def flaw_of(name: str, value: str) -> str:
    """Why a label cannot be used, in words; "" where it can."""
    if LABEL_NAME.fullmatch(name) is None:
        return "names are up to 64 of a-z, 0-9, `_`, `.` and `-`, beginning with a letter"
    if not value:
        return "it has no value; write name=value"
    if len(value) > MAX_VALUE:
        return f"its value has {len(value)} characters; {MAX_VALUE} are the most"
    if not value.isprintable():
        return "its value has characters that cannot be printed"
    if value in (NOBODY, OTHERS):
        return f"{value} is kept for callers without a value of their own"
    return ""


def _hear(said: Heard, labels: dict[str, str]) -> str:
    """Put what the headers say over what the body says, least trusted first. Returns the span that a trace names."""
    heard: dict[bytes, bytes] = {}
    for name, value in said:
        heard[name] = heard[name] + b"," + value if name in heard else value
    for name, read in _CLIENTS.items():
        if name in heard:
            labels.update(_fitting(read(heard[name].decode("utf-8", "replace"))))
    if _PREFIX in heard.get(b"baggage", b""):
        labels.update(_fitting(_from_baggage(heard[b"baggage"].decode("utf-8", "replace"))))
    if _OURS in heard:
        labels.update(read_labels(heard[_OURS]))
    return _span(heard[_TRACEPARENT].decode("utf-8", "replace")) if _TRACEPARENT in heard else ""


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """The members of a comma-separated list of `name=value`; empty members are skipped."""
    for member in text.split(","):
        name, _, value = member.partition("=")
        if name.strip() or value.strip():
            yield name.strip(), value.strip()


def _fitting(labels: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [pair for pair in labels if not flaw_of(*pair)][:MAX_LABELS]


def _from_baggage(text: str) -> Iterator[tuple[str, str]]:
    """`farthing.team=a%20b;property,…` by W3C Baggage: values percent-encoded, properties after `;` are not ours."""
    for name, value in _pairs(text):
        if name.startswith("farthing."):
            yield name.removeprefix("farthing."), unquote(value.partition(";")[0].strip(), errors="replace")


def _run(text: str) -> Labels:
    return (("run", text.strip()),)


def _trace(text: str) -> Labels:
    """The trace id of a W3C `traceparent`; all zeros is no trace."""
    found = _TRACE.fullmatch(text.strip())
    return (("trace", found[1]),) if found else ()


def _span(text: str) -> str:
    """The parent's id in a W3C `traceparent`; all zeros is no span."""
    found = _TRACE.fullmatch(text.strip())
    return found[2] if found else ""


class _Turn(msgspec.Struct):
    """All we take from Codex's turn metadata. The rest holds paths of the user's machine: not even parsed."""

    agent_name: str = ""


def _agent(text: str) -> Labels:
    try:
        turn = msgspec.json.decode(text, type=_Turn)
    except (msgspec.MsgspecError, RecursionError):
        return ()
    return (("agent", turn.agent_name),)


_CLIENTS: dict[bytes, Callable[[str], Labels]] = {
    _TRACEPARENT: _trace,
    b"thread-id": _run,
    b"session_id": _run,
    b"session-id": _run,
    b"x-claude-code-session-id": _run,
    b"x-codex-turn-metadata": _agent,
}
"""Headers that clients send unasked, least trusted first: a session says more of a run than a thread does."""
_HEARD = frozenset((*_CLIENTS, b"baggage", _OURS))
