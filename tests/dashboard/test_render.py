"""Templates escape, and what they name is there."""

import re

import pytest
from jinja2 import UndefinedError

from farthing.dashboard.assets import Assets
from farthing.dashboard.render import TEMPLATES, Renderer, bar, by_weight

RENDERER = Renderer(Assets())
SOURCES = sorted(TEMPLATES.glob("*.html"))


def test_what_others_said_is_escaped():
    page = RENDERER.draw("error.html", visit=None, status=404, summing=False, message="<script>alert('x')</script>")
    page = page.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_name_that_is_not_given_is_a_mistake():
    with pytest.raises(UndefinedError):
        RENDERER.draw("error.html", visit=None, status=404)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_no_template_has_anything_inline_or_unescaped(file):
    text = file.read_text()
    assert not re.search(r"\sstyle=|<style|javascript:|\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"\|\s*safe\b|autoescape false", text)
    assert not re.search(r"https?://", text)
    assert "hx-on" not in text
    assert "js:" not in text


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_every_form_that_changes_something_carries_the_token(file):
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", file.read_text(), re.DOTALL)
    assert all("m.token()" in form for form in forms)


def test_a_bar_is_never_longer_than_itself_and_shows_the_smallest_part():
    drawn = str(bar(("spent", 10), ("held", 10**15), whole=10**15))
    widths = [(int(x), int(w)) for x, w in re.findall(r'x="(\d+)" width="(\d+)"', drawn)]
    assert widths[0][1] == 3
    assert max(x + w for x, w in widths) <= 1_000
    assert bar(("spent", 5), whole=0).count("<rect") == 1


def test_labels_come_in_the_order_in_which_people_look_for_them():
    labels = (("agent", "a"), ("run", "r"), ("step", "s"), ("team", "t"), ("zone", "z"))
    assert [name for name, _ in by_weight(labels, ("step",))] == ["run", "team", "agent", "zone"]
