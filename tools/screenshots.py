"""Pictures of every page of the dashboard for the docs, from a month that is lived in a few seconds.

    python tools/screenshots.py [--out docs/guides/dashboard] [--only overview,run]

Needs /usr/bin/chromium and Playwright, as the browser tests do. The world is that of the tests: a small company, a
simulated provider, no key and no network. Pictures are taken in turn in the light and the dark theme, and two on a phone.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from farthing.domain.ids import show  # noqa: E402
from support.chromium import chromium, tab  # noqa: E402 - the tests' own folder, added above
from support.dashboard_world import World, dashboard_world  # noqa: E402

WIDTH, MOST_HEIGHT = 1_240, 1_160
PAGES = (
    # picture, address, theme
    ("overview", "/dashboard", "light"),
    ("explore", "/dashboard/explore?by=workflow&by=model&since=30d", "dark"),
    ("runs", "/dashboard/runs?order=cost", "light"),
    ("run", "RUN", "light"),
    ("calls", "/dashboard/calls", "dark"),
    ("receipt", "CALL", "light"),
    ("quality", "/dashboard/quality", "dark"),
    ("caches", "/dashboard/caches", "light"),
    ("budgets", "/dashboard/budgets", "light"),
    ("alerts", "/dashboard/alerts", "dark"),
    ("prices", "/dashboard/prices", "light"),
    ("audit", "/dashboard/audit", "dark"),
)
PHONE = (("phone", "/dashboard"), ("phone-run", "RUN"))
KEYS = '[[keys]]\nname = "boss"\nsecret = "for-the-picture-only-0123456789"\nrights = ["admin"]\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "guides" / "dashboard")
    parser.add_argument("--only", default="", help="names of pictures, with commas between")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    only = set(filter(None, options.only.split(",")))
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        if not only or "welcome" in only:
            with dashboard_world(Path(folder), "") as world:
                take(browser, world, "welcome", "/dashboard", "light", options.out)
        if not only or "login" in only:
            with dashboard_world(made(Path(folder) / "locked"), KEYS) as world:
                take(browser, world, "login", "/dashboard/login", "dark", options.out)
        with dashboard_world(made(Path(folder) / "lived")) as world:
            live(world)
            for name, page, theme in PAGES:
                if not only or name in only:
                    take(browser, world, name, address(world, page), theme, options.out)
            for name, page in PHONE:
                if not only or name in only:
                    take(browser, world, name, address(world, page), "light", options.out, phone=True)


def made(folder: Path) -> Path:
    """This folder, made."""
    folder.mkdir()
    return folder


def live(world: World) -> None:
    """A month, a team that has spent all it had, and a raise."""
    world.live(34)
    world.refuse()
    world.gateway.flush()
    world.gateway.engine.alerting.watch.step(world.clock())
    world.client.post(
        "/farthing/v1/budgets/support%2C%20monthly/raise", json={"amount": "5", "reason": "a busy week"}
    ).raise_for_status()


def address(world: World, page: str) -> str:
    """The page that a word in `PAGES` stands for."""
    engine = world.gateway.engine
    dearest = engine.history.runs(since_ms=0, until_ms=2**45, where=(("workflow", "reports"),), order="cost", limit=1)[
        0
    ]
    if page == "RUN":
        return f"/dashboard/runs/{dearest.run}"
    if page == "CALL":
        return f"/dashboard/calls/{show('call', engine.records.recent(limit=3, run=dearest.run)[1].id)}"
    return page


def take(browser: object, world: World, name: str, page: str, theme: str, out: Path, *, phone: bool = False) -> None:
    """One picture, as high as its page up to a limit."""
    size = {"width": 390, "height": 844} if phone else {"width": WIDTH, "height": 780}
    with tab(browser, world.url, viewport=size, color_scheme=theme) as seen:
        seen.open(page)
        seen.page.wait_for_timeout(200)  # the pulse and the font
        height = seen.page.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(max(height, size["height"]), MOST_HEIGHT)}
        seen.page.screenshot(path=out / f"{name}.png", full_page=True, clip=clip)
        for each in seen.wrong:
            sys.exit(f"{name}: {each}")
    print(f"{name}.png", file=sys.stderr)


if __name__ == "__main__":
    main()
