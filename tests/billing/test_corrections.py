"""What became known later, as differences."""

from farthing.billing.corrections import corrections
from support.bill_lines import line, lump


def told(before, now):
    return [(each.meter, each.quantity, each.picos, each.corrects) for each in corrections("2026-10", before, now)]


def test_what_stays_the_same_is_not_told_again():
    assert told([line(), lump("rounding", 500)], [line(), lump("rounding", 500)]) == []


def test_a_late_charge_is_told_whole():
    assert told([], [line(quantity=2, each=3)]) == [("input", 2, 6, "2026-10")]


def test_a_charge_that_went_away_is_taken_back():
    assert told([line(quantity=2, each=3)], []) == [("input", -2, -6, "2026-10")]


def test_only_the_meters_that_changed_are_told():
    before = [line(quantity=2, each=3), line(meter="output", quantity=1, each=9)]
    now = [line(quantity=5, each=3), line(meter="output", quantity=1, each=9)]
    assert told(before, now) == [("input", 3, 9, "2026-10")]


def test_the_same_money_under_other_lines_is_no_news():
    assert told([line(quantity=2, each=3)], [lump("unexplained", 6)]) == []


def test_other_money_takes_back_the_old_lines_and_tells_the_new_ones():
    assert told([line(quantity=2, each=3)], [lump("unexplained", 7)]) == [
        ("input", -2, -6, "2026-10"),
        ("unexplained", 0, 7, "2026-10"),
    ]


def test_a_change_of_what_has_no_price_is_told_without_money():
    then, now = lump("unpriced", 0), lump("unpriced", 0)
    import msgspec

    then, now = msgspec.structs.replace(then, quantity=1), msgspec.structs.replace(now, quantity=3, input_tokens=9)
    (found,) = corrections("2026-10", [then], [now])
    assert (found.quantity, found.picos, found.input_tokens) == (2, 0, 9)


def test_told_and_corrected_is_what_is_now():
    before = [line(quantity=2, each=3), line(day=2)]
    now = [line(quantity=9, each=3), line("search")]
    late = corrections("2026-10", before, now)
    assert sum(each.picos for each in (*before, *late)) == sum(each.picos for each in now)
    assert corrections("2026-10", (*before, *late), now) == ()


def test_the_list_price_of_a_correction_is_the_one_that_was_told():
    (found,) = corrections("2026-10", [line(list_each=9)], [line(quantity=2_000, list_each=7)])
    assert found.list_each == 9
