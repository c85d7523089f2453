"""A body is read exactly or refused: the table of decoder differences, and limits on size."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.errors import BadRequest
from farthing.wire.strict import Limits, read_object

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=5)


def refused(body: bytes, **limits: int) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read_object(body, limits=Limits(**limits))
    return caught.value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"a":NaN}', "NaN is not a JSON number"),
        (b'{"a":Infinity}', "Infinity is not a JSON number"),
        (b'{"a":-Infinity}', "-Infinity is not a JSON number"),
        (b'{"a":1e999}', "out of range"),
        (rb'{"a":"\ud800"}', "half of a surrogate pair (byte 6)"),
        (rb'{"a":"\udc00x"}', "half of a surrogate pair (byte 6)"),
        (rb'{"a":"\\\ud83d\u0041"}', "half of a surrogate pair"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8 (byte 6)"),
        (b'{"a":"\xff"}', "not UTF-8 (byte 6)"),
        (b'{"\xff":1}', "not UTF-8 (byte 2)"),
        (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
        (b'{"a":"\x01"}', "invalid character (byte 6)"),
        (b'{"a":1}{"b":2}', "trailing characters"),
        (b'{"a":1', "truncated"),
        (b"", "truncated"),
        (b"[1]", "must be a JSON object, not a list"),
        (b'"a"', "must be a JSON object, not a string"),
        (b"null", "must be a JSON object, not null"),
        (b"true", "must be a JSON object, not a boolean"),
        (b"1.5", "must be a JSON object, not a number"),
    ],
)
def test_what_decoders_disagree_about_is_refused_with_the_reason(body: bytes, words: str) -> None:
    error = refused(body)
    assert words in error.message
    assert error.status == 400


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"model":"cheap","model":"dear"}', "model"),
        (b'{ "model" : "cheap" , "messages" : [ ] , "model" : "cheap" }', "model"),
        (b'{"a":[{"b":{"c":1,"d":2,"c":3}}]}', "c"),
        (rb'{"model":"cheap","\u006dodel":"dear"}', "model"),
        (rb'{"a:b":1,"a\u003ab":2}', "a:b"),
        (rb'{"a":1,"a":2,"b":"\u003a"}', "a"),
        (rb'{"a":1,"a":2,"b":"\u003A"}', "a"),
        (b'{"":1,"":2}', ""),
        ('{"é":1,"é":2}'.encode(), "é"),
    ],
)
def test_a_key_that_stands_twice_is_named(body: bytes, key: str) -> None:
    error = refused(body)
    assert f"{key!r} twice" in error.message
    assert error.field == key


@given(OBJECTS, st.booleans(), st.sampled_from([None, 1]))
def test_every_json_object_is_read_as_the_standard_library_reads_it(
    value: dict, ascii_only: bool, indent: int | None
) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    body = read_object(raw)
    assert body.value == json.loads(raw)
    assert json.loads(body.encode()) == json.loads(raw)
    assert list(body.value) == list(value)


@given(OBJECTS, st.data())
def test_a_duplicate_is_found_wherever_it_is_put(value: dict, data: st.DataObject) -> None:
    """Any object written inside another, once more under a key it already has."""
    inner = {**value, 'k:{["': data.draw(JSON)}
    written = json.dumps(inner, ensure_ascii=data.draw(st.booleans()))
    key = data.draw(st.sampled_from(sorted(inner)))
    doubled = written[:-1] + "," + json.dumps(key, ensure_ascii=data.draw(st.booleans())) + ":null}"
    nested = '{"outer":[0,' + doubled + "]}"
    assert "twice" in refused(nested.encode()).message


@given(OBJECTS)
def test_canonical_means_that_raw_bytes_are_what_would_be_written(value: dict) -> None:
    raw = msgspec.json.encode(value)
    body = read_object(raw)
    assert body.canonical
    assert body.encode() is body.raw
    spaced = read_object(b" " + raw)
    assert not spaced.canonical
    assert spaced.encode() == raw


def test_depth_counts_objects_and_lists_inside_one_another() -> None:
    def deep(levels: int) -> bytes:
        return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)

    assert read_object(deep(64)).value
    assert "more than 64 deep" in refused(deep(65)).message
    assert read_object(b'{"a":' + b"[" * 63 + b"]" * 63 + b"}").value
    assert "more than 64 deep" in refused(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}").message
    assert read_object(json.dumps({"a": "[{" * 1_000, "b": [[]] * 100}).encode()).value


@pytest.mark.parametrize("levels", [1_000, 100_000])
def test_abysses_are_refused_and_do_not_overflow_the_stack(levels: int) -> None:
    assert refused(b'{"a":' + b"[" * levels + b"]" * levels + b"}").status == 400


def test_keys_are_counted_at_every_depth_and_not_inside_strings() -> None:
    def keys(count: int) -> bytes:
        return json.dumps({"a": [{f"k{n}": 1} for n in range(count - 1)]}).encode()

    assert read_object(keys(10_000)).value
    assert "more than 10000 keys" in refused(keys(10_001)).message
    assert read_object(json.dumps({"text": '":"{"\\[,' * 50_000}).encode()).value


def test_lists_without_keys_are_bounded_too() -> None:
    assert "objects and lists" in refused(b'{"a":[' + b"[]," * 30_000 + b"[]]}").message


def test_a_long_body_is_refused_before_it_is_read() -> None:
    error = refused(b'{"a":"' + b"x" * 100 + b'"}', bytes=50)
    assert (error.status, error.code) == (413, "request_too_large")


def test_how_long_a_body_may_be_is_the_doors_to_say() -> None:
    longer = b'{"a":"' + b"x" * (33 << 20) + b'"}'
    assert read_object(longer).raw == longer


def test_whole_numbers_beyond_64_bits_survive_where_nobody_reads_them() -> None:
    raw = b'{"schema":{"maximum":340282366920938463463374607431768211456}}'
    assert read_object(raw).encode() == raw


def test_errors_do_not_repeat_the_content() -> None:
    assert "secret" not in refused(b'{"a":"secret","b":NaN}').message
    assert len(refused(b'{"%b":1,"%b":2}' % (b"k" * 5_000, b"k" * 5_000)).message) < 200


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for body in (raw, b'{"a":' + raw + b"}"):
        try:
            read = read_object(body)
        except BadRequest:
            continue
        assert read.value == json.loads(body)


@pytest.mark.parametrize("spare", [0, 200_000])
def test_keys_and_lists_are_bounded_however_long_the_body(spare: int) -> None:
    """Short bodies are counted after they were decoded, long ones before."""
    padding = "x" * spare

    def shaped(**fields: object) -> bytes:
        return json.dumps({"padding": padding, **fields}, separators=(",", ":")).encode()

    assert read_object(shaped(a=dict.fromkeys(map(str, range(9_998)), 1))).value
    assert "more than 10000 keys" in refused(shaped(a=dict.fromkeys(map(str, range(9_999)), 1))).message
    assert read_object(shaped(a=[[]] * 19_998)).value
    assert "more than 20000 objects and lists" in refused(shaped(a=[[]] * 19_999)).message
    assert "more than 20000 objects and lists" in refused(shaped(a=[{}] * 19_999)).message


def kinds(value: object) -> object:
    """A value with the type of each of its parts."""
    match value:
        case dict():
            return {key: kinds(inner) for key, inner in value.items()}
        case list():
            return [kinds(inner) for inner in value]
        case _:
            return type(value), value


TEXTS = st.dictionaries(st.text(), st.text(), max_size=3)
PLAIN = st.dictionaries(
    st.text(), JSON | st.lists(TEXTS | st.text(), max_size=3) | st.integers() | st.just(1.0), max_size=5
)


@given(PLAIN, st.sampled_from([None, 1]))
def test_a_plain_body_is_read_as_any_other(value: dict, indent: int | None) -> None:
    """Short plain bodies have a decoder of their own, and a blank of this length sends them to the other."""
    raw = json.dumps(value, indent=indent).encode()
    assert kinds(read_object(raw).value) == kinds(read_object(raw + b" " * 8_192).value)


def test_a_plain_body_is_held_to_narrow_limits_too() -> None:
    plain = b'{"messages":[{"role":"user","content":"x"}],"n":1}'
    assert "more than 2 deep" in refused(plain, depth=2).message
    assert "more than 3 keys" in refused(plain, keys=3).message
    assert read_object(plain, limits=Limits(depth=3, keys=4)).value["n"] == 1
