"""Which month a command is about, and the books of a store."""

import click
import pytest

from farthing.billing.month import before, month_of
from farthing.cli.bill.books import month_from, open_books
from farthing.cli.commands import Said
from farthing.config.engine import wall_ms
from support.billed_store import LAST, fill
from support.configs import load_text


def test_this_and_last_month_have_names():
    now = month_of(wall_ms())
    assert (month_from("this"), month_from("last"), month_from("2026-10")) == (now, before(now), "2026-10")
    with pytest.raises(click.BadParameter, match="write it like 2026-10"):
        month_from("2026-99")


def test_the_books_are_those_of_the_store_and_are_let_go(tmp_path):
    fill(tmp_path)
    settings = load_text(tmp_path, f'[store]\nurl = "sqlite:///{tmp_path}/farthing.db"\n')
    with open_books(settings) as opened:
        assert opened.books.bill(LAST).picos == 855_000_000


def test_without_a_store_there_are_no_books(tmp_path):
    settings = load_text(tmp_path, f'[store]\nurl = "sqlite:///{tmp_path}/none.db"\n')
    with pytest.raises(Said, match="no store"), open_books(settings):
        pytest.fail("there is nothing to open")
