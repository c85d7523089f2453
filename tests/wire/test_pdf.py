"""Pages of a PDF, rather too many than too few."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.wire.pdf import pages_of

PAGE = b"<< /Type /Page /Parent 1 0 R >>"


def object_stream(content: bytes) -> bytes:
    return b"<< /Type /ObjStm /N 3 /Filter /FlateDecode >>\nstream\r\n" + zlib.compress(content) + b"\nendstream"


def test_pages_are_counted_and_page_trees_are_not():
    assert pages_of(b"%PDF-1.4 << /Type /Pages /Kids [] >> " + PAGE * 3) == 3
    assert pages_of(b"%PDF <</Type/Page>><</Type/Page/X 1>>") == 2


def test_pages_inside_compressed_object_streams_are_counted_too():
    assert pages_of(b"%PDF-1.5 " + object_stream(PAGE * 5) + object_stream(PAGE) + PAGE) == 7


def test_a_page_that_is_listed_many_times_counts_as_often():
    assert pages_of(b"<< /Type /Pages /Count 40 >>" + PAGE) == 40
    assert pages_of(object_stream(b"<< /Type /Pages /Count 12 >>" + PAGE)) == 12


@pytest.mark.parametrize(
    "pdf",
    [
        b"",
        b"%PDF-1.4",
        b"<< /Type /Pages /Count 3 >>",
        PAGE + b"<< /Type /ObjStm >> stream\nnot deflated",
        PAGE + b"<< /Type /ObjStm >> and no stream",
        PAGE + b"<< /Type /P#61ge >>",
        PAGE + b"<< /Typ#65 /Page >>",
        PAGE + b"<< /#54ype/#50age/Parent 3 0 R >>",
        PAGE + b"<< /Type /Obj#53tm >> stream\n",
        PAGE + b"<< /C#6funt 900 >>",
        PAGE + b"/x#41" * 10_001,
    ],
)
def test_pages_that_cannot_be_counted_are_unknown(pdf):
    assert pages_of(pdf) == 0


def test_a_bomb_is_unknown_instead_of_large():
    assert pages_of(object_stream(b"\x00" * (65 << 20)) + PAGE) == 0


@given(st.binary(max_size=300))
def test_hostile_bytes_never_raise(junk):
    assert pages_of(b"/Type /ObjStm stream\n" + junk) >= 0
    assert pages_of(junk) >= 0


def test_escapes_in_other_names_hide_nothing():
    assert pages_of(PAGE + b"<< /BaseFont /Times#20New#20Roman /F#31 5 0 R >>") == 1
