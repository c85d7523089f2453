"""Files that are read, and files that are refused by name and line."""

import copy

import pytest
from hypothesis import given as prop
from hypothesis import strategies as st

from farthing.billing.export_file import read_export
from farthing.domain.errors import BadRequest
from support import provider_exports as given
from support.provider_exports import as_json


def refused(raw, provider="openai", month="2026-10"):
    with pytest.raises(BadRequest) as error:
        read_export(raw if isinstance(raw, bytes) else raw.encode(), provider, month)
    return error.value


def test_an_unknown_column_is_named_with_its_line():
    error = refused(given.PLAIN_CSV.replace("web_searches", "surcharge"))
    assert (error.field, error.message.split(":")[0]) == ("surcharge", "line 2")


def test_an_unknown_field_is_named_with_its_place():
    page = copy.deepcopy(given.OPENAI_USAGE)
    page["data"][0]["results"][0]["surge_fee"] = 1
    error = refused(as_json(page))
    assert error.field == "surge_fee"
    assert error.message.startswith("data[0].results[0]: ")


def test_another_month_is_refused_with_its_line():
    assert "line 2: this is of 2026-10, not of 2026-09" in refused(given.PLAIN_CSV, month="2026-09").message


def test_another_providers_file_is_told_so():
    assert "looks like an Anthropic usage report" in refused(as_json(given.ANTHROPIC_USAGE)).message


def test_half_an_answer_is_refused_and_all_its_pages_are_read():
    half = {**given.OPENAI_USAGE, "has_more": True}
    assert refused(as_json(half)).field == "has_more"
    both = read_export(as_json([half, given.OPENAI_USAGE]), "openai", "2026-10")
    assert (both.records, both.claims[0].requests) == (2, 10)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "no JSON"),
        (b'{"object": "list"}', '"data"'),
        (b'{"data": [{}]}', "results"),
        (b'{"data": [{"results": [1]}]}', "no object"),
        (b"a,b\n1,2\n", "no known export"),
        (b"model,model\n1,2\n", "twice"),
        (b"model,requests\nx\n", "line 2: 1 cells under 2 columns"),
        (b"\xff\xfe", "UTF-8"),
        (b"model,requests\nx,1.5\n", "line 2: requests"),
    ],
)
def test_what_cannot_be_read_says_why(raw, words):
    assert words in refused(raw).message


def test_a_mark_at_the_start_and_empty_lines_do_no_harm():
    found = read_export(b"\xef\xbb\xbf" + given.PLAIN_CSV.replace("\n", "\r\n\r\n").encode(), "x", "2026-10")
    assert found.claims[0].requests == 11


def test_a_file_of_times_alone_is_a_month_without_use():
    raw = b"start_time,end_time,start_time_iso,end_time_iso\n1790899200,1790985600,2026-10-02T00:00:00Z,2026-10-03T00:00:00Z\n"
    assert read_export(raw, "openai", "2026-10").claims == ()


def test_nothing_is_an_empty_file():
    assert read_export(b"", "openai", "2026-10").records == 0


@prop(st.binary(max_size=200))
def test_whatever_is_given_is_read_or_refused(raw):
    try:
        found = read_export(raw, "openai", "2026-10")
    except BadRequest:
        return
    assert found.records >= len(found.claims)
