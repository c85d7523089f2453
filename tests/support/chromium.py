"""Debian's Chromium, driven by Playwright: pages that note every console message, every request and every violation."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CHROMIUM = Path("/usr/bin/chromium")
needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: the dashboard is NOT tested in a browser"
)

CONTRAST = """() => {
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (text) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const behind = (node) => { for (let e = node; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 250) return c; } return [255, 255, 255, 255]; };
  const poor = new Set();
  for (const node of document.body.querySelectorAll("*")) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest("svg, .hidden, .skip, option")) continue;
    const style = getComputedStyle(node), a = light(parse(style.color)), b = light(behind(node));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(`${ratio.toFixed(2)} <${node.tagName.toLowerCase()} class="${node.className}"> ${node.textContent.trim().slice(0, 30)}`);
  }
  return [...poor];
}"""
"""Text with less than 4.5 : 1 (WCAG AA) against what is behind it."""

FLAWS = """() => {
  const flaws = [], say = (what, node) => flaws.push(what + ": " + node.outerHTML.slice(0, 120));
  const named = (node) => (node.getAttribute("aria-label") || node.textContent || node.title || node.querySelector("img")?.alt || "").trim();
  for (const node of document.querySelectorAll("input:not([type=hidden]), select, textarea")) if (!node.labels.length && !node.getAttribute("aria-label")) say("no label", node);
  for (const node of document.querySelectorAll("a[href], button, summary")) if (!named(node)) say("no name", node);
  for (const node of document.querySelectorAll("img")) if (!node.hasAttribute("alt")) say("no alt", node);
  for (const node of document.querySelectorAll("table")) { if (!node.caption) say("no caption", node); for (const th of node.querySelectorAll("th")) if (!th.scope) say("no scope", th); }
  for (const node of document.querySelectorAll("svg")) if (node.getAttribute("aria-hidden") !== "true") say("svg that is read", node);
  const ids = [...document.querySelectorAll("[id]")].map((n) => n.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) flaws.push("id twice: " + id);
  for (const node of document.querySelectorAll("[aria-labelledby]")) if (!document.getElementById(node.getAttribute("aria-labelledby"))) say("labelled by nothing", node);
  if (document.querySelectorAll("h1").length !== 1) flaws.push("h1s: " + document.querySelectorAll("h1").length);
  let level = 0;
  for (const node of document.querySelectorAll("h1, h2, h3")) { const now = Number(node.tagName[1]); if (now > level + 1) say("a heading skips a level", node); level = now; }
  if (document.querySelectorAll("main").length !== 1) flaws.push("mains");
  if (!document.documentElement.lang) flaws.push("no language");
  if (!document.title) flaws.push("no title");
  return flaws;
}"""
"""What a screen reader would stumble over; the rules are those of axe that can be told without it."""


class Watched:
    """One tab. Everything that should not happen is in `wrong`."""

    def __init__(self, context, url: str) -> None:
        self.url = url
        self.wrong: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda said: self.wrong.append(f"console {said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI))"
        )

    def open(self, path: str):
        """Load a page and wait until charts are drawn."""
        answer = self.page.goto(self.url + path, wait_until="load")
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('[data-chart]')].every((n) => n.querySelector('canvas'))"
        )
        return answer

    def _request(self, request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self.wrong.append(f"outside: {request.url}")

    def _dialog(self, dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def chromium() -> Iterator[object]:
    """A browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(browser, url: str, **options) -> Iterator[Watched]:
    """A tab with a store of its own."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    try:
        yield Watched(context, url)
    finally:
        context.close()
