"""The life of a call, end by end: what the client gets, and what stands in the ledger afterwards."""

import asyncio
import contextlib
import json
from typing import get_args

import pytest

from farthing.call.drive import _STEPS
from farthing.call.states import Over, State
from farthing.domain.errors import Ambiguous, LedgerUnavailable, NotSent
from farthing.domain.money import parse_usd
from support.client import ListeningClient
from support.desk import ValueDesk, chat, dollars
from support.upstream import PreparedAnswer, chat_answer, chat_stream

COST_10_5 = 10 * 150 + 5 * 600
"""Nano-dollars of 10 input and 5 output tokens of gpt-4o-mini: $0.15 and $0.60 a million."""


def run(coroutine):
    return asyncio.run(coroutine)


def desk(*outcomes, limit="1", **more):
    return ValueDesk(*outcomes, budgets=(dollars(limit, **more),))


def test_every_state_but_the_last_asks_for_something():
    assert _STEPS.keys() | {Over} == set(get_args(State))


def test_a_whole_answer_is_settled_by_its_usage_and_told_to_the_nano_dollar():
    at = desk(chat_answer(10, 5))
    client = run(at.call(chat(max_tokens=50)))
    assert client.status == 200
    assert client.ended
    assert client.headers[b"x-farthing-cost-usd"] == b"0.0000045"
    assert at.spent() == (COST_10_5, 0, 0)
    assert client.headers[b"x-farthing-budget-remaining-usd"] == b"0.9999955"
    record = at.last()
    assert record.closing.outcome == "paid"
    assert record.attempts[0].cost_nanos == COST_10_5


def test_a_cap_that_the_caller_named_goes_out_unchanged_and_is_not_told():
    at = desk(chat_answer())
    client = run(at.call(chat(max_tokens=50)))
    assert json.loads(at.upstream.sent[0].body)["max_tokens"] == 50
    assert b"x-farthing-output-cap" not in client.headers


def test_a_call_without_a_cap_gets_the_default_and_is_told():
    at = desk(chat_answer())
    client = run(at.call(chat()))
    assert json.loads(at.upstream.sent[0].body)["max_completion_tokens"] == 8_192
    assert client.headers[b"x-farthing-output-cap"] == b"8192; default"


def test_a_cap_is_clamped_to_what_is_left_and_the_cut_is_flagged():
    at = desk(chat_answer(10, 300, finish="length"), limit="0.0005")
    client = run(at.call(chat(max_tokens=5_000)))
    sent = json.loads(at.upstream.sent[0].body)["max_tokens"]
    assert 256 <= sent < 5_000
    assert client.headers[b"x-farthing-output-cap"] == b"%d; clamped" % sent
    assert "cut_by_cap" in at.last().attempts[0].flags


def test_a_call_that_cannot_be_paid_is_refused_before_anything_is_sent_and_named_so():
    at = desk(limit="0.00001")
    client = run(at.call(chat()))
    assert client.status == 402
    error = json.loads(client.text)["error"]
    assert error["code"] == "budget_exceeded"
    assert error["farthing"]["limit_usd"] == "0.00001"
    assert client.headers[b"x-should-retry"] == b"false"
    assert not at.upstream.sent
    assert at.last().closing.outcome == "refused"
    assert all(standing.posted == standing.held == 0 for standing in at.ledger.records.accounts())


def test_codex_gets_a_400_because_it_retries_a_402():
    at = desk(limit="0.00001")
    client = run(at.call(chat(), code_for_codex=True))
    assert client.status == 400


def test_an_unpriced_model_is_refused_under_a_hard_budget_of_money():
    at = desk()
    client = run(at.call({"model": "no-such-model", "messages": [{"role": "user", "content": "x"}]}))
    assert client.status == 402
    assert json.loads(client.text)["error"]["code"] == "unpriced_model"


def test_an_unpriced_model_is_a_state_and_not_zero_where_nothing_is_enforced():
    at = ValueDesk(chat_answer(10, 5), budgets=(dollars("1", hard="off"),))
    client = run(at.call({"model": "no-such-model", "messages": [{"role": "user", "content": "x"}]}))
    assert client.status == 200
    assert b"x-farthing-cost-usd" not in client.headers
    assert at.last().attempts[0].cost_nanos is None
    assert at.last().attempts[0].usage.input_tokens == 10


def test_a_feature_that_bills_without_a_cap_is_refused_by_name_under_a_hard_budget():
    at = desk()
    client = run(at.call(chat(web_search_options={})))
    assert client.status == 402
    assert "web_search_options" in json.loads(client.text)["error"]["message"]


def test_when_nothing_was_sent_the_hold_is_void_and_the_next_attempt_has_its_own():
    at = desk(NotSent("refused"), chat_answer(10, 5))
    client = run(at.call(chat(max_tokens=50)))
    assert client.status == 200
    assert [attempt.state for attempt in at.last().attempts] == ["void", "settled"]
    assert at.spent() == (COST_10_5, 0, 0)
    assert at.pauses == [0.1]


def test_attempts_are_bounded_and_an_unreachable_provider_costs_nothing():
    at = desk(NotSent("a"), NotSent("b"), NotSent("c"))
    client = run(at.call(chat()))
    assert client.status == 502
    assert json.loads(client.text)["error"]["code"] == "upstream_unreachable"
    assert at.spent() == (0, 0, 0)
    assert len(at.upstream.sent) == 3


def test_an_ambiguous_failure_keeps_the_hold_and_is_not_retried():
    at = desk(Ambiguous("reset"), chat_answer())
    client = run(at.call(chat(max_tokens=100)))
    posted, held, unknown = at.spent()
    assert client.status == 502
    assert (posted, held) == (0, 0)
    assert unknown > 0
    assert len(at.upstream.sent) == 1
    assert at.last().attempts[0].state == "unknown"


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 529])
def test_refusals_of_the_provider_bill_nothing_and_pass_through(status):
    at = desk(PreparedAnswer(status, [b'{"error":{"message":"no"}}']))
    client = run(at.call(chat()))
    assert client.status == status
    assert client.text == b'{"error":{"message":"no"}}'
    assert client.headers[b"x-farthing-cost-usd"] == b"0"
    assert at.spent() == (0, 0, 0)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 302])
def test_other_failures_may_come_after_billing_and_keep_the_hold(status):
    at = desk(PreparedAnswer(status, [b"{}"]))
    client = run(at.call(chat()))
    assert client.status == status
    assert at.spent()[2] > 0


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b'{"choices":[]}',
        b'{"error":{"message":"x","type":"server_error"}}',
        b'{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":5}}',
        b'{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":0,"completion_tokens":0}}',
    ],
)
def test_an_answer_without_believable_usage_is_unknown_and_never_free(body):
    at = desk(PreparedAnswer(200, [body]))
    client = run(at.call(chat()))
    assert client.status == 200
    assert client.text == body
    posted, held, unknown = at.spent()
    assert (posted, held) == (0, 0)
    assert unknown > 0


def test_an_answer_that_breaks_off_is_unknown_and_the_client_is_told():
    at = desk(PreparedAnswer(200, [b'{"choices', Ambiguous("reset")]))
    client = run(at.call(chat()))
    assert client.status == 502
    assert at.spent()[2] > 0


def test_a_stream_is_relayed_and_settled_before_its_end_is_shown():
    at = desk(chat_stream(["a", "b", "c"], (10, 5)))
    client = run(at.call(chat(stream=True, stream_options={"include_usage": True})))
    assert client.ended
    assert client.text.endswith(b"data: [DONE]\n\n")
    note = next(json.loads(line[6:]) for line in client.text.split(b"\n\n") if b'"farthing"' in line)["farthing"]
    assert note["cost_usd"] == "0.0000045"
    assert at.spent() == (COST_10_5, 0, 0)


def test_usage_is_asked_for_upstream_and_hidden_from_a_client_that_did_not_ask():
    at = desk(chat_stream(["a"], (10, 5)))
    client = run(at.call(chat(stream=True)))
    assert json.loads(at.upstream.sent[0].body)["stream_options"] == {"include_usage": True}
    assert b'"usage"' not in client.text
    assert at.spent() == (COST_10_5, 0, 0)


def test_a_stream_without_usage_keeps_its_hold():
    at = desk(chat_stream(["a"], None))
    run(at.call(chat(stream=True)))
    assert at.spent()[2] > 0


def test_a_stream_that_ends_early_keeps_its_hold_and_is_cut_with_the_dialects_error():
    at = desk(chat_stream(["a", "b"], None, done=False))
    client = run(at.call(chat(stream=True)))
    assert client.was_cut
    assert not client.ended
    assert b'"error"' in client.text
    assert at.spent()[2] > 0


def test_a_truncated_stream_whose_usage_was_seen_is_settled_by_it():
    at = desk(chat_stream(["a", "b"], (10, 5), done=False))
    run(at.call(chat(stream=True)))
    assert at.spent() == (COST_10_5, 0, 0)
    assert "truncated" in at.last().attempts[0].flags


def test_a_stream_that_passes_its_cap_is_cut_and_its_model_refused_from_then_on():
    at = desk(chat_stream([str(n) for n in range(300)], (10, 300)), chat_answer())
    client = run(at.call(chat(stream=True, max_tokens=100)))
    assert client.was_cut
    assert at.spent()[2] > 0
    again = run(at.call(chat(max_tokens=10)))
    assert again.status == 402
    assert json.loads(again.text)["error"]["code"] == "provider_overran"


def test_a_provider_that_reports_more_than_the_cap_is_posted_in_full_and_refused_from_then_on():
    at = desk(chat_answer(10, 1_000), chat_answer())
    client = run(at.call(chat(max_tokens=250)))
    assert client.status == 200
    assert at.spent() == (10 * 150 + 1_000 * 600, 0, 0)
    assert "overran_cap" in at.last().attempts[0].flags
    assert run(at.call(chat(max_tokens=10))).status == 402
    assert run(at.call({**chat(max_tokens=10), "model": "gpt-4o"})).status == 200


def test_a_client_that_leaves_a_stream_does_not_make_it_free():
    at = desk(chat_stream(["a", "b", "c", "d", "e", "f"], (10, 5)))
    client = run(at.call(chat(stream=True), ListeningClient(leave_after=2)))
    assert len(client.pieces) == 2
    assert at.spent() == (COST_10_5, 0, 0)
    assert "drained" in at.last().attempts[0].flags
    assert at.last().closing.status == 499
    assert at.draining == 0


def test_no_more_answers_are_drained_than_the_limit_says():
    at = desk(chat_stream(["a", "b", "c", "d"], (10, 5)))
    at.draining = at.limits.drains
    run(at.call(chat(stream=True), ListeningClient(leave_after=1)))
    assert at.spent()[2] > 0
    assert at.draining == at.limits.drains


def test_a_client_that_left_before_admission_is_never_sent():
    at = desk(chat_answer())
    client = ListeningClient()
    client.gone = True
    run(at.call(chat(), client))
    assert not at.upstream.sent
    assert at.spent() == (0, 0, 0)
    assert at.last().closing.outcome == "unsent"


def test_a_task_that_is_cancelled_after_sending_keeps_its_hold():
    answer = chat_answer()

    def cancel():
        raise asyncio.CancelledError

    answer.on_read = cancel
    at = desk(answer)
    with pytest.raises(asyncio.CancelledError):
        run(at.call(chat()))
    assert at.spent()[2] > 0


def test_an_error_where_a_stream_was_asked_for_is_read_whole():
    at = desk(PreparedAnswer(429, [b'{"error":{}}']))
    client = run(at.call(chat(stream=True)))
    assert client.status == 429
    assert at.spent() == (0, 0, 0)


def test_unknown_outcomes_are_charged_the_hold_when_they_are_due_under_a_hard_budget():
    at = desk(Ambiguous("reset"))
    run(at.call(chat(max_tokens=100)))
    hold = at.spent()[2]
    at.time_ms += 600_001
    at.ledger.tick()
    assert at.spent() == (hold, 0, 0)
    assert at.last().attempts[0].source == "estimate"


def test_a_whole_dollar_can_be_spent_to_its_last_affordable_call():
    price = 10 * 150 + 100 * 600
    at = desk(*[chat_answer(10, 100) for _ in range(20)], limit=f"{20 * price / 1e9:.9f}")
    from farthing.call.stages import ExactCount

    at.facts[ExactCount] = 3
    statuses = [run(at.call(chat("hello world", max_tokens=100))).status for _ in range(21)]
    assert statuses.count(200) >= 19
    assert at.spent()[0] <= parse_usd(f"{20 * price / 1e9:.9f}")


def test_a_call_that_is_stopped_between_two_attempts_is_closed_and_holds_nothing():
    at = desk(NotSent("no route"))

    async def stop(_):
        raise asyncio.CancelledError

    at.pause = stop
    with pytest.raises(asyncio.CancelledError):
        run(at.call(chat()))
    assert at.spent() == (0, 0, 0)
    assert at.last().closing.outcome == "unsent"


def test_a_ledger_that_fails_between_two_attempts_leaves_a_closed_call():
    at = desk(NotSent("no route"))

    async def unavailable(_):
        raise LedgerUnavailable("the disk is full")

    async def break_it(_):
        at.ledger.reserve = unavailable

    at.pause = break_it
    with pytest.raises(LedgerUnavailable):
        run(at.call(chat()))
    assert at.spent() == (0, 0, 0)
    assert (at.last().closing.outcome, at.last().closing.status) == ("unsent", 503)


def test_a_refusal_of_the_second_attempt_is_told_and_closes_the_call():
    at = desk(NotSent("no route"))

    async def spend(_):
        at.ledger.adopt((dollars("0.000001"),), ())

    at.pause = spend
    client = run(at.call(chat()))
    assert client.status == 402
    assert at.last().closing.outcome == "refused"
    assert [attempt.state for attempt in at.last().attempts] == ["void"]


def test_a_fault_of_ours_after_sending_keeps_the_hold_and_gives_the_connection_up():
    answer = chat_answer()

    def fail():
        raise ZeroDivisionError

    answer.on_read = fail
    at = desk(answer)
    with pytest.raises(ZeroDivisionError):
        run(at.call(chat()))
    assert at.spent()[2] > 0
    assert (at.last().closing.outcome, at.last().closing.status) == ("unknown", 500)
    assert answer.aborted


def test_another_spelling_of_a_model_that_overran_is_refused_too():
    at = desk(chat_answer(10, 1_000), chat_answer())
    run(at.call(chat(max_tokens=100)))
    again = run(at.call({**chat(max_tokens=100), "model": "gpt-4o-mini-2024-07-18"}))
    assert json.loads(again.text)["error"]["code"] == "provider_overran"


def test_a_stream_is_a_stream_whatever_case_its_type_is_written_in():
    answer = chat_stream(["a"], (10, 5))
    answer.headers = [(b"content-type", b"Text/Event-Stream")]
    at = desk(answer)
    client = run(at.call(chat(stream=True)))
    assert at.spent() == (COST_10_5, 0, 0)
    assert len(client.pieces) > 1


def test_events_that_nobody_asked_for_are_read_whole_and_kept_unknown():
    at = desk(chat_stream(["a"], (10, 5)))
    client = run(at.call(chat()))
    assert client.text.endswith(b"data: [DONE]\n\n")
    assert at.spent()[2] > 0


@pytest.mark.parametrize("leave_after", range(1, 9))
def test_wherever_a_client_leaves_a_stream_its_hold_has_one_end(leave_after):
    at = desk(chat_stream(["a", "b", "c", "d"], (10, 5)))
    run(at.call(chat(stream=True), ListeningClient(leave_after=leave_after)))
    posted, held, unknown = at.spent()
    assert (posted, held, unknown) == (COST_10_5, 0, 0)
    assert at.draining == 0


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("at_read", range(8))
def test_wherever_a_task_is_cancelled_nothing_stays_held_and_nothing_sent_is_free(streamed, at_read):
    answer = chat_stream(["a", "b", "c"], (10, 5)) if streamed else chat_answer()
    reads = iter(range(100))

    def cancel():
        if next(reads) == at_read:
            raise asyncio.CancelledError

    answer.on_read = cancel
    at = desk(answer)
    with contextlib.suppress(asyncio.CancelledError):
        run(at.call(chat(stream=streamed)))
    posted, held, unknown = at.spent()
    assert held == 0
    assert posted + unknown >= COST_10_5
    assert at.last().closing is not None
