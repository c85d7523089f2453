"""How long each page of the dashboard takes at the server, over a long past on SQLite; and a new user's first paint.

    python benchmarks/dashboard.py [--calls 1000000] [--data DIR]

Makes the file of `pages.py` unless it is there, starts a gateway on it with its dashboard, and asks for every page over
HTTP on loopback: reading, rendering and sending. Best and worst of five after one to warm up. The weights are of the
page and of everything it loads on a first visit. First paint needs /usr/bin/chromium.
"""

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import uvloop
from pages import judge
from past import UNTIL_MS, make_past

from farthing.config.build import build, shut
from farthing.config.engine import Engine
from farthing.config.load import load
from farthing.dashboard.assets import Assets
from farthing.dashboard.door import Dashboard
from farthing.domain.ids import show
from farthing.gateway.serve import listen, serve
from farthing.stores.sqlite.connect import open_database

CHROMIUM = Path("/usr/bin/chromium")
NOW_MS = UNTIL_MS - 5 * 60_000
CONFIG = """
[store]
url = "sqlite:///{store}"
[providers.openai]
format = "openai"
base_url = "http://127.0.0.1:9/v1"
api_key = "none"
[[budgets]]
name = "all, monthly"
limit = "100000 USD"
window = "month"
[[budgets]]
name = "each team, daily"
each = "team"
limit = "500 USD"
window = "day"
"""
PAGES = (
    ("overview", "/dashboard"),
    ("overview, live part", "/dashboard/live"),
    ("explore, 7 days by model", "/dashboard/explore"),
    ("explore, 30 days by team, model", "/dashboard/explore?by=team&by=model&since=30d"),
    ("explore, one team by user", "/dashboard/explore?by=user&since=30d&where=team:team-07"),
    ("explore, 24 hours by workflow", "/dashboard/explore?by=workflow&since=24h"),
    ("runs, the newest", "/dashboard/runs"),
    ("runs, the dearest", "/dashboard/runs?order=cost"),
    ("one run", "/dashboard/runs/run-0000007"),
    ("calls", "/dashboard/calls"),
    ("calls of one team", "/dashboard/calls?where=team:team-07"),
    ("one call", "CALL"),
    ("quality by workflow", "/dashboard/quality"),
    ("quality by prompt", "/dashboard/quality?by=prompt"),
    ("caches", "/dashboard/caches"),
    ("budgets", "/dashboard/budgets"),
    ("alerts", "/dashboard/alerts"),
    ("prices", "/dashboard/prices"),
    ("audit", "/dashboard/audit"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, help="where to keep the file; a temporary directory without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.data or Path(temporary)
        path = folder / f"past-{options.calls}.db"
        if not path.exists():
            print(f"making {options.calls:,} calls …", file=sys.stderr)
            make_past(path, options.calls)
            judge(path, options.calls // 10)
        name_account(path)
        with gateway(path, Path(temporary), NOW_MS) as (url, engine):
            while engine.history.sum_up():
                continue
            ask(url, engine)
        weigh()
        with gateway(Path(temporary) / "new.db", Path(temporary), None) as (url, _):
            paint(url)


def name_account(path: Path) -> None:
    """The account that the calls of this past were charged to, which receipts name."""
    connection = open_database(path)
    connection.execute("INSERT OR IGNORE INTO account VALUES (1, 'all', '', 'usd', 'lifetime', 0, 0, 0, 0)")
    connection.close()


@contextmanager
def gateway(store: Path, folder: Path, now_ms: int | None) -> Iterator[tuple[str, Engine]]:
    """A gateway with its dashboard on this file, at this moment."""
    file = folder / "farthing.toml"
    file.write_text(CONFIG.format(store=store))
    begun, started = time.time_ns(), threading.Event()
    box: dict[str, object] = {}

    def clock() -> int:
        return time.time_ns() // 1_000_000 if now_ms is None else now_ms + (time.time_ns() - begun) // 1_000_000

    async def run() -> None:
        engine = await build(load(file, {}), clock=clock)
        listening, stop = listen("127.0.0.1", 0), asyncio.Event()
        box.update(engine=engine, port=listening.getsockname()[1], stop=stop, loop=asyncio.get_running_loop())
        await serve(engine, listening, drain_seconds=5, pages=Dashboard(engine), ready=started.set, stop=stop)
        await shut(engine)

    thread = threading.Thread(target=lambda: uvloop.run(run()), daemon=True)
    thread.start()
    started.wait(120)
    try:
        yield f"http://127.0.0.1:{box['port']}", box["engine"]  # type: ignore[misc]
    finally:
        box["loop"].call_soon_threadsafe(box["stop"].set)  # type: ignore[attr-defined]
        thread.join(60)


def ask(url: str, engine: Engine) -> None:
    call = show("call", engine.records.recent(limit=1, outcome="paid")[0].id)
    with httpx2.Client(trust_env=False, timeout=120, base_url=url) as client:
        for what, path in PAGES:
            address = f"/dashboard/calls/{call}" if path == "CALL" else path
            answer = client.get(address)
            assert answer.status_code == 200, (what, answer.status_code, answer.text[:300])
            took = []
            for _ in range(5):
                time.sleep(1)  # what is shared within a second is read anew
                begin = time.perf_counter()
                client.get(address)
                took.append((time.perf_counter() - begin) * 1e3)
            print(f"{what:34} {min(took):7.1f} to {max(took):7.1f} ms  {len(answer.content) / 1e3:7.1f} kB")


def weigh() -> None:
    files = {name: len(file.squeezed or file.content) for name, file in Assets().files.items() if ".txt" not in name}
    for name, size in sorted(files.items(), key=lambda pair: -pair[1]):
        print(f"{name:34} {size / 1e3:7.1f} kB")
    print(f"{'all of it, on a first visit':34} {sum(files.values()) / 1e3:7.1f} kB")


def paint(url: str) -> None:
    """The first page of a new gateway, in a browser that has never been here."""
    if not CHROMIUM.exists():
        print("first paint: there is no Chromium here")
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - for who has it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        for what in ("a new user's first page", "the same again"):
            page = browser.new_context().new_page()
            page.goto(url, wait_until="load")
            script = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            print(f"{what:34} {page.evaluate(script):7.0f} ms to first paint")
        browser.close()


if __name__ == "__main__":
    main()
