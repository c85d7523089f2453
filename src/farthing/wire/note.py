"""Our note inside a provider's own event: `farthing: {call_id, cost_usd, remaining_usd}`, without touching its other bytes."""

from farthing.wire.dialect import Note
from farthing.wire.sse import data_of, event, name_of
from farthing.wire.strict import write


def with_note(raw: bytes, note: Note) -> bytes:
    """The raw event with the note as the last key of its data; unchanged where the data is no JSON object."""
    data = data_of(raw).rstrip()
    if not data.endswith(b"}"):
        return raw
    body = data[:-1].rstrip()
    comma = b"" if body.endswith(b"{") else b","
    noted = b'%b%b"farthing":%b}' % (body, comma, write(note))
    return event(name_of(raw).decode() or None, noted)
