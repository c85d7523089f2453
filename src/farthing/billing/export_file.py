"""Reading a provider's export, CSV or JSON, whichever of the known shapes it has. What is not known is refused by name."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from farthing.billing.claim import Claim, merged
from farthing.billing.export_record import Record
from farthing.billing.export_shapes import SHAPES, Shape
from farthing.billing.month import month_of
from farthing.domain.errors import BadRequest

MOST_BYTES = 64 * 2**20
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_BUCKET = ("start_time", "end_time", "starting_at", "ending_at", "start_time_iso", "end_time_iso")
_EMPTY = frozenset({"start_time", "end_time", "start_time_iso", "end_time_iso"})


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of one month."""

    shape: str
    """In words, like `OpenAI usage report`."""
    claims: tuple[Claim, ...]
    records: int


def read_export(raw: bytes, provider: str, month: str) -> Export:
    """A file of this provider (its format: `openai`, `anthropic`, anything) for this month.

    Raises BadRequest, naming the line and the column, for what is unknown, unreadable or of another month.
    """
    if len(raw) > MOST_BYTES:
        raise BadRequest(f"the file has more than {MOST_BYTES // 2**20} MiB; export one month, by model and day")
    text = raw.lstrip(b"\xef\xbb\xbf \r\n\t")
    records = list(_json(text) if text[:1] in (b"{", b"[") else _csv(text))
    if not records:
        return Export(shape="empty file", claims=(), records=0)
    names = {name for _, cells in records for name in cells}
    shape = _shape(names, provider, records[0][0])
    claims = [_claim(shape, Record(place, cells), month) for place, cells in records]
    return Export(shape=shape.name, claims=merged(claim for claim in claims if claim is not None), records=len(records))


def _claim(shape: Shape, record: Record, month: str) -> Claim | None:
    at_ms = record.moment(*shape.when)
    claim = shape.read(record)
    said = [getattr(claim, name) for name in claim.__struct_fields__ if name != "model"]
    if not any(said):
        return None
    if at_ms is not None and month_of(at_ms) != month:
        raise BadRequest(f"{record.place}: this is of {month_of(at_ms)}, not of {month}: export that month alone")
    return claim


def _shape(names: set[str], provider: str, place: str) -> Shape:
    """The shape that has these columns. Raises BadRequest that names the first unknown one."""
    fitting = [shape for shape in SHAPES if shape.needs <= names and shape.provider in ("", provider)]
    for shape in fitting:
        if names <= shape.knows:
            return shape
    foreign = [shape.name for shape in SHAPES if shape.provider not in ("", provider) and shape.needs <= names]
    if foreign and not any(shape.provider for shape in fitting):
        raise BadRequest(
            f"{place}: this looks like an {foreign[0]}, and the provider is {provider!r}", field="provider"
        )
    if fitting:
        unknown = min(names - fitting[0].knows)[:60]
        known = ", ".join(sorted(fitting[0].knows))
        message = f"{place}: the column {unknown!r} is not known in this {fitting[0].name}; known are {known}"
        raise BadRequest(message, field=unknown)
    raise BadRequest(
        f"{place}: no known export has these columns: {', '.join(sorted(names))[:200]}; docs/guides/chargeback.md lists "
        "what is understood",
        field="file",
    )


Rows = Iterator[tuple[str, Mapping[str, object]]]


def _csv(raw: bytes) -> Rows:
    try:
        reader = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""), strict=True)
        head = [name.strip().lower() for name in next(reader, [])]
        if len(set(head)) != len(head):
            raise BadRequest("line 1: a column is there twice", field=next(n for n in head if head.count(n) > 1)[:60])
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(head):
                raise BadRequest(f"line {reader.line_num}: {len(cells)} cells under {len(head)} columns", field="file")
            row = dict(zip(head, cells, strict=True))
            if set(head) != _EMPTY:  # OpenAI's dashboard saves a file of times alone where there was no use
                yield f"line {reader.line_num}", row
    except UnicodeDecodeError:
        raise BadRequest("the file is not UTF-8 text: save it as CSV or JSON", field="file") from None
    except csv.Error as error:
        raise BadRequest(f"the file is no CSV: {error}", field="file") from None


def _json(raw: bytes) -> Rows:
    """One page of an API's answer, or a list of all its pages: buckets with results."""
    try:
        document = _decode(raw)
    except msgspec.DecodeError as error:
        raise BadRequest(f"the file is no JSON: {error}", field="file") from None
    pages = document if isinstance(document, list) else [document]
    for number, page in enumerate(pages):
        where = f"page {number + 1}: " if len(pages) > 1 else ""
        yield from _page(page, where)
    if pages and isinstance(pages[-1], dict) and pages[-1].get("has_more") is True:
        raise BadRequest(
            "has_more is true: this is not the whole month; put all pages into one list, [page, page, …]",
            field="has_more",
        )


def _page(page: object, where: str) -> Rows:
    buckets = page.get("data") if isinstance(page, dict) else None
    if not isinstance(buckets, list):
        raise BadRequest(f'{where}an export has a list of buckets under "data"', field="data")
    for place, bucket in enumerate(buckets):
        results = bucket.get("results") if isinstance(bucket, dict) else None
        if not isinstance(bucket, dict) or not isinstance(results, list):
            raise BadRequest(f'{where}data[{place}] has no list of "results"', field="results")
        when = {name: bucket[name] for name in _BUCKET if name in bucket}
        for index, result in enumerate(results):
            if not isinstance(result, dict):
                raise BadRequest(f"{where}data[{place}].results[{index}] is no object", field="results")
            yield f"{where}data[{place}].results[{index}]", {**when, **dict(_flat(result.items()))}


def _flat(items: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    """Nested objects as dotted names."""
    for name, value in items:
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", content) for inner, content in value.items())
        else:
            yield name, value
