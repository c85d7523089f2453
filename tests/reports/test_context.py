"""Context by turn: a call of one agent of one run after the other."""

from farthing.domain.usage import Usage
from farthing.reports.context import MOST_TURNS, Contexts
from support.priced_past import call, prompt


def taken(*calls):
    found = Contexts()
    for number, (tokens, read, labels) in enumerate(calls):
        found.take(
            call(number, prompt(), Usage(input_tokens=tokens, cache_read_input_tokens=read, output_tokens=1), **labels)
        )
    return found


def test_turns_are_counted_by_run_and_agent():
    found = taken(
        (10, 0, {"run": "a"}), (30, 20, {"run": "a"}), (20, 0, {"run": "b"}), (5, 0, {"run": "a", "agent": "x"})
    )
    first, second = found.turns()
    assert (first.turn, first.calls, first.median_input_tokens, first.p90_input_tokens) == (1, 3, 10, 20)
    assert (second.turn, second.calls, second.cached) == (2, 1, 0.666667)
    assert found.runs == 2


def test_calls_without_a_run_or_an_answer_are_no_turns():
    found = taken((10, 0, {}))
    found.take(call(9, prompt(), None, state="held", run="a"))
    assert found.turns() == ()


def test_late_turns_are_one():
    found = taken(*[(n, 0, {"run": "a"}) for n in range(1, MOST_TURNS + 50)])
    assert len(found.turns()) == MOST_TURNS
    assert found.turns()[-1].calls == 50


def test_turns_cost_what_their_calls_cost():
    record = call(1, prompt(), Usage(input_tokens=1_000), run="a")
    found = Contexts()
    found.take(record)
    assert found.turns()[0].nanos == record.attempts[0].cost_nanos
