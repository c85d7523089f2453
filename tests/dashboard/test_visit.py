"""Answers that pages give."""

from farthing.dashboard.visit import see


def test_a_change_leads_back_with_its_notice():
    assert dict(see("/dashboard/budgets", "raised").headers)[b"location"] == b"/dashboard/budgets?done=raised"
    assert dict(see("/x?a=1", "b").headers)[b"location"] == b"/x?a=1&done=b"
    assert see("/x").status == 303
