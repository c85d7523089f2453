"""The dashboard at an address of its own, in a real Chromium: log in, change something, log out."""

import pytest

from support.admin import ADMIN
from support.admin_address import gateway_with_admin_address
from support.chromium import chromium, needs_chromium, tab

pytestmark = [needs_chromium, pytest.mark.slow]


def test_an_administrator_works_from_another_address(tmp_path):
    with gateway_with_admin_address(tmp_path) as both, chromium() as browser, tab(browser, both.url) as seen:
        seen.open("/")
        assert seen.page.url.startswith(f"{both.url}/dashboard/login")
        seen.page.fill("input[name=key]", ADMIN)
        seen.page.press("input[name=key]", "Enter")
        seen.page.wait_for_selector(f"text={both.main}/v1")
        seen.open("/dashboard/budgets")
        seen.page.click("text=Suspend somebody")
        seen.page.fill("form[action='/dashboard/suspend'] input[name=value]", "eve")
        seen.page.click("form[action='/dashboard/suspend'] button")
        seen.page.wait_for_selector("th:has-text('eve')")
        (cookie,) = [each for each in seen.page.context.cookies() if each["name"].startswith("farthing_")]
        assert (cookie["path"], cookie["httpOnly"], cookie["sameSite"]) == ("/dashboard", True, "Strict")
        seen.page.click("text=Log out")
        seen.page.wait_for_selector("input[name=key]")
        assert seen.wrong == []
