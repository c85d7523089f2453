"""Rows: what is written of a hold can be taken up again."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.budgets.account import Account
from farthing.budgets.open_hold import Ended, OpenHold, Part
from farthing.domain.budget import Unit
from farthing.stores.sqlite.statements import sql
from farthing.stores.sqlite.writing import rows
from support.money import attempt, key, loss, settlement, spent

KEYS = (key("a"), key("b", Unit.TOKENS), key("c"))


def accounts():
    made = {}
    for number, one in enumerate(KEYS, start=1):
        made[one] = Account(one)
        made[one].row = number
    return made


a_part = st.builds(
    Part,
    st.sampled_from(KEYS),
    st.integers(0, 2**62),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.none() | st.integers(0, 10**15),
)


@given(st.lists(a_part, max_size=4))
def test_charges_come_back_as_they_were_written(parts):
    document = rows.charges(parts, accounts())
    assert rows.parts(document, lambda number: KEYS[number - 1]) == tuple(parts)


def test_an_unknown_attempt_comes_back_with_when_it_is_due_and_what_was_seen():
    given_loss = loss(1, 9, due_ms=77, flags=("cut",))
    due_ms, seen, _, flags, _, number = rows.lost(given_loss)
    found = rows.found((number, 3, rows.UNKNOWN, "[[1,5,1,1000,null]]", due_ms, seen, flags, None), lambda _: KEYS[0])
    assert (found.owner, found.state, found.flags) == (3, rows.UNKNOWN, ("cut",))
    assert (found.hold.attempt, found.hold.due_ms, found.hold.seen) == (attempt(1), 77, spent(9))


def test_a_settlement_has_a_value_for_each_place_of_its_statement():
    row = rows.settled(settlement(1, 5), (5, 70))
    assert row[0] == "[5,70]"
    assert row[1:5] == (5, 0, 3, 4)
    assert row[-1] == attempt(1)
    assert sql("attempt_settle").count("?") == len(row)


def test_an_estimate_costs_the_most_that_any_dollar_account_was_charged():
    held = (Part(KEYS[0], 50, 1, 1_000), Part(KEYS[2], 90, 1, 1_000), Part(KEYS[1], 4_000, 1, 1))
    ended = Ended(OpenHold(attempt(1), held, due_ms=1, seen=spent(3, input_tokens=2)), (5, 9, 400))
    assert rows.estimated(ended, ("cut",), 50) == ("[5,9,400]", 9, 2, 0, '["cut","estimated"]', 50, attempt(1))
    tokens = Ended(OpenHold(attempt(1), held[2:], due_ms=1), (400,))
    assert rows.estimated(tokens, (), 50)[1] is None


def test_what_an_ended_attempt_held_and_posted_come_back_side_by_side():
    found = rows.found(
        (attempt(1), 3, rows.SETTLED, "[[1,50,1,1000,null]]", None, None, None, "[7]"), lambda _: KEYS[0]
    )
    assert [part.amount for part in found.hold.parts] == [50]
    assert found.posted == (7,)
