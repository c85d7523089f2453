"""`docs/reference/faults.md` is the print of the table as it is."""

from faults.table import CASES, ELSEWHERE, SECTIONS
from support.fault_page import PAGE, page


def test_the_page_is_the_print_of_the_table():
    assert PAGE.read_text("utf-8") == page(), "write it anew: PYTHONPATH=tests python -m support.fault_page"


def test_every_case_and_every_kind_that_does_not_apply_is_on_the_page():
    text = page()
    assert all(case.title in text for case in CASES)
    assert all(f"| {each.fault} | {each.title} | {each.why} |" in text for each in ELSEWHERE)


def test_each_kind_of_fault_has_one_section():
    listed = [fault for _, faults in SECTIONS for fault in faults]
    assert len(set(listed)) == len(listed)
    assert set(listed) == {case.fault for case in CASES}
