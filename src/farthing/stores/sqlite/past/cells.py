"""The rows of sums that answer a question, and the calls that are not summed yet."""

import sqlite3
from collections.abc import Iterator

import msgspec

from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.past.behind import Patience
from farthing.stores.sqlite.past.known import Found
from farthing.stores.sqlite.past.question import Question
from farthing.stores.sqlite.past.summed import Summed
from farthing.stores.sqlite.sums.pages import pages
from farthing.stores.sqlite.sums.spans import DAY_MS, HOUR_MS, Horizon, Stretch, cover, whole_spans
from farthing.stores.sqlite.sums.tally import Explainer, Tally, pairs

Gaps = list[tuple[int, int]]


def answer(
    handle: Handle,
    question: Question,
    explainer: Explainer,
    *,
    with_rates: bool = False,
    patience: Patience | None = None,
) -> Iterator[Found]:
    """Every row of sums that belongs to an answer, in short transactions; `with_rates`: rows of one rate each. Raises
    PastUnsummed where `patience` ends; questions about single runs and steps are always read from calls."""
    with handle.reading() as connection:
        horizon = Horizon.read(connection)
        stretches, gaps = _cover(connection, question)
        found = Summed(connection, question, stretches, with_rates).found() if stretches else []
    if patience is not None and not question.of_single:
        patience.check(handle.reading, horizon, gaps, question.since_ms)
    yield from found
    yield from _unsummed(handle, question, explainer, horizon, gaps)


def dearest(
    handle: Handle, question: Question, explainer: Explainer, limit: int, patience: Patience | None = None
) -> Question:
    """The same question about fewer groups, with the `limit` of them that cost most among them: the dearest of what is
    summed, and all that have calls which are not. Who is not among the first gets no dearer by that. Raises as `answer`."""
    with handle.reading() as connection:
        horizon = Horizon.read(connection)
        stretches, gaps = _cover(connection, question)
        groups = Summed(connection, question, stretches, with_rates=False).dearest(limit) if stretches else set()
    if patience is not None and not question.of_single:
        patience.check(handle.reading, horizon, gaps, question.since_ms)
    fresh = (question.group(one) for one in _unsummed(handle, question, explainer, horizon, gaps))
    return question._replace(only=frozenset(groups.union(fresh)))


def _cover(connection: sqlite3.Connection, question: Question) -> tuple[list[Stretch], Gaps]:
    longest_ms = 0 if question.of_single else HOUR_MS if "hour" in question.by else DAY_MS
    return cover(whole_spans(connection), question.since_ms, question.until_ms, longest_ms)


def _unsummed(
    handle: Handle, question: Question, explainer: Explainer, horizon: Horizon, gaps: Gaps
) -> Iterator[Found]:
    for since_ms, until_ms in gaps:
        tally = Tally(HOUR_MS)
        add = tally.add_whole if question.of_single else tally.add
        for rows in pages(handle.reading, horizon, since_ms, until_ms, dict(question.where).get("run") or None):
            for pair in pairs(rows, explainer):
                add(pair)
        yield from (one for one in _just_summed(tally) if question.wants(one))


def _just_summed(tally: Tally) -> Iterator[Found]:
    for (start_ms, key, labels, what), sums in tally.groups.items():
        yield Found(start_ms, key, msgspec.json.decode(labels, type=dict[str, str]), what, sums)
