"""The documentation as pages: what stands between fences, with its line and the mark above it; headings; links.

A mark is a comment in the line before a fence. `<!-- not run: why -->` is for people only. `<!-- this page's
farthing.toml -->` holds for the page's gateway. `<!-- in an empty folder -->` runs where nothing is yet.
`<!-- exits with 75 -->` says what a command's exit code is. `<!-- not active yet -->` shows settings that only warn.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"```(\w*)$")
_MARK = re.compile(r"<!-- (.+) -->$")
_HEADING = re.compile(r"#+ (.+)$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """One fenced block. `line` is that of its fence."""

    page: Path
    line: int
    language: str
    text: str
    mark: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def runs(self) -> bool:
        return self.language in ("python", "console") and not self.mark.startswith("not run")


def pages() -> list[Path]:
    """README first, then docs, then the others."""
    others = [ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md")]
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), *others]


def blocks(page: Path) -> list[Block]:
    """The page's fenced blocks, from top to bottom."""
    return list(_blocks(page))


def _blocks(page: Path) -> Iterator[Block]:
    mark, opened, language, inside = "", 0, "", list[str]()
    for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
        if opened:
            if line == "```":
                yield Block(page, opened, language, "\n".join(inside) + "\n", mark)
                mark, opened, inside = "", 0, []
            else:
                inside.append(line)
        elif fence := _FENCE.match(line):
            opened, language = number, fence[1]
        else:
            said = _MARK.match(line)
            mark = said[1] if said else mark if not line.strip() else ""
    assert not opened, f"{page}:{opened}: a fence is never closed"


def prose(page: Path) -> str:
    """The page without its blocks."""
    kept, inside = [], False
    for line in page.read_text("utf-8").splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def links(page: Path) -> list[str]:
    """Targets of the page's links."""
    return _LINK.findall(re.sub(r"`[^`]*`", "", prose(page)))


def anchors(page: Path) -> set[str]:
    """The names that headings of a page can be linked by: lower case, words joined by `-`."""
    headings = (found[1] for line in prose(page).splitlines() if (found := _HEADING.match(line)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(page: Path, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its two head lines."""
    lines = prose(page).splitlines()
    at = next((number for number, line in enumerate(lines) if _HEADING.match(line) and heading in line), None)
    assert at is not None, f"{page} has no heading with {heading}"
    found: list[list[str]] = []
    for line in lines[at + 1 :]:
        if line.startswith("|"):
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif found or line.startswith("#"):
            break
    return found[2:]
