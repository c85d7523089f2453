"""Audit: who changed what, and verifying."""

import time

from farthing.dashboard.pages.audit import words


def test_changes_are_told_with_who_made_them(fresh, fresh_visitor):
    fresh_visitor.send("/dashboard/budgets/raise", budget="trial", amount="1", reason="why not")
    page = fresh_visitor.get("/dashboard/audit").text
    assert "admin side without keys" in page
    assert "trial" in page
    assert "Nobody has changed anything that fits" in fresh_visitor.get("/dashboard/audit?by=nobody").text


def test_the_whole_chain_is_verified_while_people_look(fresh, fresh_visitor):
    fresh.live(1)
    assert fresh_visitor.get("/dashboard/audit/progress").status_code == 404
    assert fresh_visitor.send("/dashboard/audit/verify", on="/dashboard/audit").status_code == 303
    end = time.monotonic() + 20
    while "Verifying:" in fresh_visitor.get("/dashboard/audit/progress").text and time.monotonic() < end:
        time.sleep(0.05)
    assert "Whole:" in fresh_visitor.get("/dashboard/audit/progress").text
    assert "Whole:" in fresh_visitor.get("/dashboard/audit").text


def test_details_are_words_not_json():
    detail = '{"run":"r1","at_ms":5,"success":true,"note":"","nanos":35000000,"account":["all","","usd"]}'
    assert words(detail) == "success yes, nanos $0.035, account all · usd"
    grant = '{"account":["all","","usd","lifetime"],"amount":5000000000}'
    assert words(grant) == "account all · usd · lifetime, amount 5"
    assert words("a few words") == "a few words"
    assert words("[1]") == "[1]"
