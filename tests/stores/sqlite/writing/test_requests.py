"""Requests: every notice has its act at the desk."""

from typing import get_args

from farthing.budgets.book import Book
from farthing.stores.sqlite.writing.desk import Desk
from farthing.stores.sqlite.writing.requests import Notice


def test_the_desk_knows_what_to_do_with_every_notice():
    desk = Desk(Book(), 0, lambda: 0)
    assert set(desk._acts) == set(get_args(Notice))
