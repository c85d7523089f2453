"""`farthing top`: what is spent now, by whom, and how budgets stand, again and again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import click
from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from farthing.cli.options import as_json, with_settings
from farthing.cli.screen import say_json, screen
from farthing.cli.summing import no_sum
from farthing.cli.top.frame import Frame, plain
from farthing.cli.top.gateway import GatewayFeed
from farthing.cli.top.keys import Keys, keys
from farthing.cli.top.screen import SORTS, rendered
from farthing.cli.top.store import store_feed
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.errors import LedgerUnavailable

WORK_SHARE = 25
"""After a frame it rests so many times as long as the frame took: at most 4 % of one CPU, however much there is to read."""


class Feed(Protocol):
    """Where frames come from."""

    def read(self) -> Frame:
        """Raises LedgerUnavailable while that is not to be had."""
        ...


@click.command()
@click.option("--url", help="A running gateway, like http://127.0.0.1:4141; by default the store's file is read.")
@click.option("--key", envvar="FARTHING_KEY", default="", help="A key with the right admin, for --url.")
@click.option(
    "--interval", type=click.FloatRange(0.5, 60), default=2.0, show_default=True, help="Seconds from frame to frame."
)
@click.option("--once", is_flag=True, help="Print one frame and exit.")
@with_settings
@no_sum
@as_json
def top(settings: Settings, url: str | None, key: str, interval: float, once: bool, as_json: bool) -> None:
    """What is spent now, by whom, and how budgets stand.

    Live, until q is pressed; p pauses, s sorts the busiest by cost, calls or tokens. A gateway that restarts is waited for. With --json one frame
    is printed as JSON.
    """
    with _feed(settings, url, key) as feed:
        if as_json:
            say_json(plain(feed.read()))
        elif once:
            console = screen()
            console.print(rendered(feed.read(), console.width))
        else:
            with keys() as pressed:
                watch(feed, pressed, interval)


@contextmanager
def _feed(settings: Settings, url: str | None, key: str) -> Iterator[Feed]:
    if url is not None:
        yield GatewayFeed(url, key, wall_ms)
        return
    with store_feed(settings, wall_ms) as feed:
        yield feed


class Watching:
    """What is on the screen between two keys: the last frame, how it is sorted, and why it is not fresh."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._sort = 0
        self.paused = False
        self._lost = ""
        self._frame: Frame | None = None

    def look(self) -> None:
        """Read a frame; while there is none to be had, the last one stays and says so."""
        if self.paused:
            return
        try:
            self._frame = self._feed.read()
            self._lost = ""
        except LedgerUnavailable as error:
            self._lost = f"waiting: {error}"

    def press(self, key: str) -> bool:
        """Whether to go on after this key."""
        if key == "p":
            self.paused = not self.paused
        elif key == "s":
            self._sort = (self._sort + 1) % len(SORTS)
        return key not in ("q", "\x03", "\x04")

    def shown(self, width: int) -> RenderableType:
        state = self._lost or ("paused" if self.paused else "")
        if self._frame is None:
            return Text(state or "reading …", style="bold")
        return rendered(self._frame, width, sort=SORTS[self._sort], state=state, keys=True)


def watch(feed: Feed, pressed: Keys, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
    """Frame after frame until q."""
    console, watching = screen(), Watching(feed)
    with Live(console=console, screen=console.is_terminal, auto_refresh=False, transient=True) as live:
        while True:
            begun = clock()
            watching.look()
            live.update(watching.shown(console.width), refresh=True)
            until = clock() + max(interval, (clock() - begun) * WORK_SHARE)
            while (left := until - clock()) > 0:
                key = pressed.wait(left)
                if not watching.press(key):
                    return
                if key:
                    live.update(watching.shown(console.width), refresh=True)
