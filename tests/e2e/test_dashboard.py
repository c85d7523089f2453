"""The dashboard in a real Chromium: every page, both themes, a phone, the keyboard, hostile names, changes and logins."""

from urllib.parse import quote

import pytest

from farthing.domain.ids import show
from support.admin import ADMIN, KEYS
from support.chromium import CONTRAST, FLAWS, chromium, needs_chromium, tab
from support.dashboard_world import HOSTILE, dashboard_world

pytestmark = [needs_chromium, pytest.mark.slow]

PAGES = ("/dashboard", "/dashboard/explore?by=team&by=model&since=30d", "/dashboard/runs", "RUN", "/dashboard/calls", "CALL", "REFUSED",
         "/dashboard/quality", "/dashboard/caches", "/dashboard/budgets", "/dashboard/alerts",
         "/dashboard/prices?model=openai/gpt-4o", "/dashboard/audit")  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with dashboard_world(tmp_path_factory.mktemp("e2e")) as world:
        world.live(10)
        world.refuse()
        world.strange(HOSTILE)
        world.gateway.flush()
        yield world


@pytest.fixture
def fresh(tmp_path):
    with dashboard_world(tmp_path) as world:
        yield world


def address(world, page):
    """The page that a word in `PAGES` stands for."""
    records = world.gateway.engine.records
    match page:
        case "RUN":
            return f"/dashboard/runs/{quote(HOSTILE, safe='')}"
        case "CALL":
            paid = [
                call for call in records.recent(limit=90, outcome="paid") if dict(call.labels).get("team") == "research"
            ]
            return f"/dashboard/calls/{show('call', paid[0].id)}"
        case "REFUSED":
            return f"/dashboard/calls/{show('call', records.recent(limit=1, outcome='refused')[0].id)}"
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_quiet_readable_and_whole(browser, world, theme):
    with tab(browser, world.url, color_scheme=theme) as seen:
        for page in PAGES:
            answer = seen.open(address(world, page))
            assert answer.status == 200, page
            assert seen.page.evaluate(CONTRAST) == [], page
            assert seen.page.evaluate(FLAWS) == [], page
            assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page
        assert seen.wrong == []


def test_on_a_phone_nothing_scrolls_sideways_but_tables(browser, world):
    with tab(browser, world.url, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True) as seen:
        for page in PAGES:
            seen.open(address(world, page))
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360, page
            tall = seen.page.evaluate(
                "Math.min(...[...document.querySelectorAll('.menu a, button')].filter((n) => n.checkVisibility()).map((n) => n.offsetHeight))"
            )
            assert tall >= 24, page
        assert seen.wrong == []


def test_the_empty_pages_are_whole_too(browser, fresh):
    with tab(browser, fresh.url) as seen:
        for page in (each for each in PAGES if each.startswith("/")):
            assert seen.open(page).status == 200
            assert seen.page.evaluate(FLAWS) == [], page
            assert seen.page.evaluate(CONTRAST) == [], page
        assert seen.wrong == []


def test_markup_in_names_is_text_and_breaks_no_layout(browser, world):
    with tab(browser, world.url) as seen:
        for page in ("/dashboard", "/dashboard/explore?by=user", "/dashboard/runs", "/dashboard/calls", "RUN"):
            seen.open(address(world, page))
            assert seen.page.locator("text=<script>alert(1)</script>").count() > 0, page
            assert seen.page.locator("img[src=x]").count() == 0, page
            widest = seen.page.evaluate(
                "Math.max(...[...document.querySelectorAll('.name')].map((n) => n.offsetWidth))"
            )
            assert widest < 400, page
        assert seen.wrong == []


def test_the_first_call_turns_a_new_user_s_page_into_the_overview(browser, fresh):
    with tab(browser, fresh.url) as seen:
        seen.open("/dashboard")
        paint = seen.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        assert paint > 0
        assert seen.page.locator("text=waiting for the first call").count() == 1
        fresh.turn("gpt-4o-mini", [{"role": "user", "content": "Hello"}], {"team": "support"}, 10)
        seen.page.wait_for_selector("text=Latest calls", timeout=15_000)
        assert seen.wrong == []


def test_the_overview_is_live(browser, fresh):
    fresh.turn("gpt-4o-mini", [{"role": "user", "content": "Hello"}], {"team": "support"}, 10)
    fresh.gateway.flush()
    with tab(browser, fresh.url) as seen:
        seen.open("/dashboard")
        assert seen.page.locator("[id^=call_]").count() == 1
        fresh.turn("gpt-4o-mini", [{"role": "user", "content": "Again"}], {"team": "support"}, 10)
        seen.page.wait_for_selector(":nth-match([id^=call_], 2)", timeout=15_000)
        assert seen.wrong == []


def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(browser, world):
    with tab(browser, world.url) as seen:
        seen.open("/dashboard/explore")
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.className") == "skip"
        assert seen.page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("document.activeElement.id") == "content"
        names, hidden = [], []
        for _ in range(9):
            seen.page.keyboard.press("Tab")
            names.append(seen.page.evaluate("document.activeElement.name || document.activeElement.textContent"))
            hidden += (
                []
                if seen.page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "2px"
                else names[-1:]
            )
        assert names[:8] == ["by", "by", "by", "since", "measure", "add", "is", "Show"]
        assert hidden == []


def test_a_choice_is_in_force_at_once_and_in_the_address(browser, world):
    with tab(browser, world.url) as seen:
        seen.open("/dashboard/explore")
        seen.page.select_option("select[name=by] >> nth=0", "team")
        seen.page.wait_for_selector("text=Cost by team")
        assert "by=team" in seen.page.url
        seen.page.click("th >> text=Calls")
        seen.page.wait_for_selector("th[aria-sort=descending] >> text=Calls")
        assert seen.wrong == []


def test_a_chart_says_what_is_under_the_pointer(browser, world):
    with tab(browser, world.url) as seen:
        seen.open("/dashboard/explore?by=model&since=30d")
        box = seen.page.locator(".u-over").bounding_box()
        seen.page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 20)
        seen.page.wait_for_selector(".tip b")
        assert seen.wrong == []


def test_the_theme_is_switched_and_kept(browser, world):
    with tab(browser, world.url, color_scheme="light") as seen:
        seen.open("/dashboard")
        seen.page.click("[data-theme-switch]")
        seen.page.click("[data-theme-switch]")
        assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
        seen.open("/dashboard/runs")
        assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert seen.page.evaluate(CONTRAST) == []
        seen.page.click("[data-theme-switch]")
        assert seen.page.evaluate("document.documentElement.dataset.theme") is None
        assert seen.wrong == []


def test_a_budget_is_raised_by_a_form(browser, fresh):
    with tab(browser, fresh.url) as seen:
        seen.open("/dashboard/budgets")
        card = seen.page.locator("li.budget", has=seen.page.locator("h2", has_text="trial"))
        card.locator("summary").click()
        card.locator("input[name=amount]").fill("3")
        card.locator("input[name=reason]").fill("for the demo")
        card.locator("button", has_text="Raise").click()
        seen.page.wait_for_selector("[role=status] >> text=Raised")
        assert seen.page.locator("text=for the demo").count() == 1
        assert seen.wrong == []


def test_the_chain_is_verified_by_a_button(browser, fresh):
    with tab(browser, fresh.url) as seen:
        seen.open("/dashboard/audit")
        seen.page.click("text=Verify the whole chain")
        seen.page.wait_for_selector("text=Whole:", timeout=20_000)
        assert seen.wrong == []


def test_a_login_with_the_browser_s_own_form_and_out_again(browser, tmp_path):
    with dashboard_world(tmp_path, KEYS) as locked, tab(browser, locked.url) as seen:
        seen.open("/dashboard/runs")
        assert seen.page.evaluate("document.activeElement.name") == "key"
        assert seen.page.evaluate(FLAWS) == []
        seen.page.keyboard.type("wrong")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_selector("[role=alert]")
        seen.page.fill("input[name=key]", ADMIN)
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_url("**/dashboard/runs")
        assert seen.page.evaluate("document.cookie").find("farthing_") == -1
        seen.page.click("text=Log out")
        seen.page.wait_for_url("**/dashboard/login**")
        assert [each for each in seen.wrong if "403" not in each] == []


def test_a_page_of_another_site_can_neither_read_frame_nor_change(browser, world):
    with tab(browser, world.url) as seen:
        seen.open("/dashboard")
        token = seen.page.request.get(f"{world.url}/dashboard/budgets").text().partition('name="token" value="')[2][:64]
        seen.page.route(
            "http://localhost:9/**", lambda route: route.fulfill(content_type="text/html", body="<h1>evil</h1>")
        )
        seen.page.goto("http://localhost:9/")
        read = seen.page.evaluate(
            f"fetch('{world.url}/', {{credentials: 'include'}}).then((r) => r.text(), (e) => 'blocked')"
        )
        assert read == "blocked"
        seen.page.set_content(
            f"<form method=post action='{world.url}/dashboard/suspend'><input name=token value='{token}'>"
            "<input name=label value=user><input name=value value=ada><button>go</button></form>"
        )
        seen.page.click("button")
        seen.page.wait_for_load_state()
        assert world.gateway.engine.store.guards.known().suspensions == ()
