"""CSV that is safe to open, and objects."""

import csv

from farthing.billing.export_text import csv_lines, focus_csv, focus_objects
from farthing.billing.focus import focus_rows
from farthing.billing.focus_columns import columns
from support.bill_lines import bill, line

EVIL = bill(line("=cmd|'/c calc'!A1", agent="@sum", quantity=-3, corrects="2026-09"), line(agent='a "quoted", b\nc'))


def read(version="1.4"):
    return list(csv.DictReader(focus_csv(focus_rows(EVIL, version, book="b"), version)))


def test_labels_are_never_formulas_and_negative_amounts_stay_numbers():
    first, _ = read()
    assert first["SubAccountId"] == "'=cmd|'/c calc'!A1"
    assert first["ResourceId"] == "'@sum"
    assert first["BilledCost"] == "-0.0000075"


def test_quotes_commas_and_line_ends_survive():
    assert read("1.2")[1]["ResourceName"] == 'a "quoted", b\nc'


def test_the_names_of_the_columns_come_first():
    assert next(focus_csv((), "1.2")).strip().split(",") == list(columns("1.2"))


def test_objects_keep_labels_as_they_are_and_null_as_null():
    first = next(focus_objects(focus_rows(EVIL, "1.4", book="b"), "1.4"))
    assert first["SubAccountId"] == "=cmd|'/c calc'!A1"
    assert first["AllocatedMethodId"] is None


def test_columns_of_numbers_are_left_alone():
    assert list(csv_lines([("-1", "-1")], numbers=frozenset({0}))) == ["-1,'-1\n"]
