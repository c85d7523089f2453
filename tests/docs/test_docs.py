"""The documentation is run: every block of code works as it is written, every configuration loads, every link leads."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from farthing.budgets.refusals import declined
from farthing.config.load import load
from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.hold import Declined
from farthing.wire.openai.errors import refusal_body
from support.newcomer import SECONDS, newcomer
from support.pages import DOCS, ROOT, Block, anchors, blocks, links, pages

PAGES = pages()
BLOCKS = [block for page in PAGES for block in blocks(page)]
TOML = [block for block in BLOCKS if block.language == "toml" and not block.mark.startswith("not run")]
README = PAGES[0]
PROGRAMS = {".py": "python", ".sh": "bash"}
EXAMPLES = sorted((ROOT / "examples").iterdir())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def referred(text: str) -> dict[str, str]:
    """A value for every environment variable that a configuration refers to."""
    names = re.findall(r'"env:(\w+)"', text)
    return {each: f"https://{each.lower().replace('_', '-')}.example" for each in names}


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any(b.runs for b in blocks(p))], ids=name)
def test_a_page_works_as_it_is_written(page, tmp_path):
    more = "\n".join(block.text for block in blocks(page) if block.mark == "this page's farthing.toml")
    with newcomer(tmp_path, more) as reader:
        for block in blocks(page):
            if block.runs:
                reader.follow(block)


@pytest.mark.parametrize("block", TOML, ids=lambda block: block.place)
def test_a_configuration_loads_and_shows_nothing_that_is_not_active(block, tmp_path):
    file = tmp_path / "farthing.toml"
    file.write_text(block.text, "utf-8")
    settings = load(file, referred(block.text))
    later = [str(warning) for warning in settings.warnings if "not active in this version" in warning.message]
    assert bool(later) == (block.mark == "not active yet"), later


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_leads_somewhere(page):
    for link in links(page):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{name(page)} links to {link}"
        assert not anchor or anchor in anchors(found), f"{name(page)} links to {link}, which has no such heading"


def test_every_page_is_reached_from_the_index():
    index = DOCS / "README.md"
    reached = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert set(DOCS.rglob("*.md")) - {index} <= reached


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_says_what_it_is(block):
    assert block.language in ("python", "console", "toml", "sh", "json", "text", "http", "js"), "name the language"
    assert block.language != "sh" or "farthing " not in block.text, "write `console` and `$ `, so that it is run"


@pytest.mark.slow
@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.suffix in PROGRAMS], ids=name)
def test_an_example_runs(example, tmp_path):
    program = "python -m pytest -p no:cacheprovider" if example.name.startswith("test_") else PROGRAMS[example.suffix]
    shown = f"$ {program} examples/{example.name}\n"
    with newcomer(tmp_path) as reader:
        reader.follow(Block(README, 0, "console", shown, ""))


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.suffix == ".toml"], ids=name)
def test_an_example_configuration_loads_without_a_warning(example):
    settings = load(example, referred(example.read_text("utf-8")))
    assert not settings.warnings, "\n".join(map(str, settings.warnings))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_speaks_of_the_project_alone(page):
    text = page.read_text("utf-8")
    assert not re.search(r"\bTODO\b|\bFIXME\b", text)
    assert text.startswith("# "), "a page begins with its title"
    assert text.endswith("\n")


# What the README shows is what one sees


@pytest.mark.slow
def test_the_readme_shows_the_demonstration_as_it_is():
    command = [Path(sys.executable).parent / "farthing", "demo", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    (excerpt,) = (block.text for block in blocks(README) if "make demo " in block.text and block.language == "text")
    _, _, *figures = excerpt.splitlines()
    assert len(figures) == 8
    assert "\n".join(figures) in done.stdout


def test_the_readme_shows_a_refusal_as_it_is():
    (shown,) = (json.loads(block.text) for block in blocks(README) if block.language == "json")
    run = AccountKey("each run", "", Unit.USD, "run:r-17")
    standing = Standing(account=run, limit=10**9, posted=998_700_000, held=0, unknown=0, needed=1_530_000)
    assert shown == json.loads(refusal_body(declined(Declined("budget_exceeded", standing), "openai/gpt-4o-mini")))


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "json"], ids=lambda block: block.place)
def test_json_is_json(block):
    json.loads(block.text)
