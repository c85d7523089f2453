"""Everything that was ever told adds up to the ledger; what was told of a closed month never changes."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farthing.billing.books import digest_of
from farthing.billing.focus import focus_rows
from farthing.billing.focus_columns import columns
from farthing.billing.month import after, span_of
from farthing.domain.errors import BadRequest
from farthing.domain.usage import Usage
from support.billing_world import OVER, billing_world

MONTHS = ("2026-10", "2026-11", "2026-12")
DAY = 86_400_000


def at(month, day=3):
    return span_of(month)[0] + (day - 1) * DAY + 5_000


def use(given=1_201, said=77, read=0):
    return Usage(input_tokens=given, output_tokens=said, cache_read_input_tokens=read)


@pytest.fixture
def world():
    with billing_world() as made:
        yield made


def paid(world, month="2026-10", usage=None, **labels):
    number = world.open(at(month), **labels)
    world.settle(number, usage or use())
    return number


def test_a_bill_comes_to_what_the_ledger_says(world):
    paid(world, team="support", agent="bot")
    paid(world, team="search")
    bill = world.books().bill("2026-10")
    assert bill.picos == world.total_nanos() * 1_000
    assert {line.labels for line in bill.lines} == {("support", "bot", ""), ("search", "", "")}


def test_lines_of_a_group_end_in_one_line_of_rounding():
    with billing_world(prices=[{"model": "gpt-4o-mini", "input": Decimal("0.0003"), "output": 1}]) as world:
        for given in (1, 2, 4):
            paid(world, usage=use(given=given, said=1), team="support")
        lines = world.books().bill("2026-10").lines
        assert [line.meter for line in lines] == ["input", "output", "rounding"]
        assert [line.picos for line in lines] == [7 * 300, 3 * 1_000_000, 700 + 400 + 800]
        assert sum(line.requests for line in lines) == 3
        assert sum(line.picos for line in lines) == world.total_nanos() * 1_000


def test_a_closed_month_stays_as_it_was_told_and_the_open_one_tells_the_difference(world):
    number = paid(world, team="support")
    books = world.books()
    closed = books.close("2026-10", by="ada", now_ms=OVER)
    told = books.bill("2026-10")
    world.correct(number, use(given=2_000))
    assert books.bill("2026-10") == told
    assert closed.picos == told.picos
    late = books.bill("2026-11")
    assert {line.corrects for line in late.lines} == {"2026-10"}
    assert told.picos + late.picos == world.total_nanos() * 1_000


def test_a_correction_is_told_once(world):
    number = paid(world, team="support")
    books = world.books()
    books.close("2026-10", by="ada", now_ms=OVER)
    world.correct(number, use(given=2_000))
    assert books.close("2026-11", by="ada", now_ms=OVER).corrections_picos != 0
    assert books.bill("2026-12").lines == ()


def test_a_late_settle_of_an_open_attempt_is_a_correction(world):
    number = world.open(at("2026-10"), team="support")
    books = world.books()
    assert books.bill("2026-10").open_attempts == 1
    assert books.close("2026-10", by="ada", now_ms=OVER).picos == 0
    world.settle(number, use())
    bill = books.bill("2026-11")
    assert {(line.corrects, line.start_ms) for line in bill.lines} == {("2026-10", at("2026-10") - 5_000)}
    assert bill.picos == world.total_nanos() * 1_000


def test_another_edition_of_the_price_book_is_no_correction(world):
    paid(world, team="support")
    books = world.books()
    books.close("2026-10", by="ada", now_ms=OVER)
    world.history.price_with(lambda opening: world.card_of(msgspec.structs.replace(opening, model="gpt-4o")))
    assert books.bill("2026-11").lines == ()


def test_corrections_are_cut_by_the_labels_of_the_month_that_tells_them(world):
    number = paid(world, team="support", agent="bot", user="ann")
    world.books(labels=("agent", "user")).close("2026-10", by="ada", now_ms=OVER)
    world.correct(number, use(given=2_000))
    bill = world.books(labels=("workflow", "agent")).bill("2026-11")
    assert {line.labels for line in bill.lines} == {("support", "", "bot")}
    assert bill.picos > 0


def test_months_are_closed_in_order_from_the_first_with_charges(world):
    paid(world, "2026-10")
    paid(world, "2026-12")
    books = world.books()
    assert books.next_month(OVER) == "2026-10"
    with pytest.raises(BadRequest, match="2026-10 is the next"):
        books.close("2026-12", by="ada", now_ms=OVER)
    books.close("2026-10", by="ada", now_ms=OVER)
    with pytest.raises(BadRequest, match="closed already"):
        books.close("2026-10", by="ada", now_ms=OVER)
    assert books.next_month(OVER) == "2026-11"


def test_a_month_that_is_not_over_cannot_be_closed(world):
    paid(world, "2026-10")
    with pytest.raises(BadRequest, match="not over"):
        world.books().close("2026-10", by="ada", now_ms=span_of("2026-10")[1] - 1)


def test_an_empty_store_has_nothing_to_close(world):
    assert world.books().next_month(OVER) is None


def test_the_digest_names_what_was_told(world):
    paid(world, team="support")
    books = world.books()
    closed = books.close("2026-10", by="ada", now_ms=OVER)
    lines = world.periods.told("2026-10")
    assert closed.digest == digest_of(lines)
    assert closed.digest != digest_of(lines[1:])


def test_hours_cut_an_open_month_finer_and_cost_the_same(world):
    for hour in (1, 2, 3):
        world.settle(world.open(at("2026-10") + hour * 3_600_000, team="support"), use())
    days, hours = world.books().bill("2026-10"), world.books().bill("2026-10", hourly=True)
    assert (days.picos, {line.end_ms - line.start_ms for line in hours.lines}) == (hours.picos, {3_600_000})


def test_what_has_no_price_is_a_line_without_cost_that_says_so(world):
    paid(world, team="support", model="gpt-99", usage=use(1_000, 50))
    (line,) = world.books().bill("2026-10").lines
    assert (line.meter, line.picos, line.quantity) == ("unpriced", 0, 1)
    assert (line.input_tokens, line.output_tokens) == (1_000, 50)
    assert world.books().bill("2026-10").unpriced == 1


def test_an_operators_word_is_a_line_of_its_own(world):
    number = paid(world, team="support")
    world.correct(number, None, nanos=777)
    assert [(line.meter, line.picos) for line in world.books().bill("2026-10").lines] == [("unexplained", 777_000)]


def _told(books, months):
    """The sum of BilledCost over everything that was or would be told."""
    place = columns("1.4").index("BilledCost")
    rows = (row for month in months for row in focus_rows(books.bill(month), "1.4", book=books.book, allocate=True))
    return sum((Decimal(row[place]) for row in rows), Decimal(0))


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("pay", "pay", "send", "settle", "correct", "word", "lose", "close")),
        st.integers(0, 10**6),
        st.sampled_from(MONTHS),
        st.sampled_from(("", "support", "search")),
        st.sampled_from(("gpt-4o-mini", "gpt-4o", "claude-sonnet-4-5", "gpt-99")),
        st.integers(0, 3_000),
    ),
    max_size=25,
)


def _happen(world, books, event, opened):
    what, pick, month, team, model, tokens = event
    if what in ("pay", "send"):
        provider = "anthropic" if model.startswith("claude") else "openai"
        labels = {"team": team} if team else {}
        number = world.open(at(month, pick % 27 + 1), model=model, provider=provider, **labels)
        opened[number] = "sent"
        if what == "pay":
            world.settle(number, use(tokens, tokens // 3, tokens // 7))
            opened[number] = "ended"
    elif what == "close":
        due = books.next_month(OVER)
        if due is not None and due <= MONTHS[-1]:
            books.close(due, by="ada", now_ms=OVER)
    elif opened:
        _end(world, sorted(opened)[pick % len(opened)], what, tokens, opened)


def _end(world, number, what, tokens, opened):
    if what == "settle" and opened[number] == "sent":
        world.settle(number, use(tokens, 5))
        opened[number] = "ended"
    elif what == "lose" and opened[number] == "sent":
        world.lose(number)
        opened[number] = "ended"
    elif what == "correct" and opened[number] == "ended":
        world.correct(number, use(tokens, tokens // 2))
    elif what == "word" and opened[number] == "ended":
        world.correct(number, None, nanos=tokens)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.sampled_from(("none", "direct", "equal", "weights")))
def test_all_rows_ever_told_add_up_to_the_ledger_whatever_came_late(events, by):
    from farthing.ports.billing import Sharing

    sharing = Sharing(by=by, weights=(("ops", 1), ("support", 2)) if by == "weights" else ())
    with billing_world() as world:
        books = world.books(sharing=sharing)
        opened = {}
        for event in events:
            _happen(world, books, event, opened)
            months = (*MONTHS, after(MONTHS[-1]))
            assert _told(books, months) == Decimal(world.total_nanos()) / 10**9
