"""Streams: relayed as they come, settled before their end is shown, and never free because somebody left."""

import asyncio

import pytest

from farthing.call.desk import Limits
from farthing.call.states import Answering, Over
from farthing.call.streaming import relay
from farthing.domain.errors import Ambiguous
from support.client import ListeningClient
from support.desk import ValueDesk, chat, dollars
from support.funded import funded
from support.upstream import PreparedAnswer, chat_stream

COST = 10 * 150 + 5 * 600
ASKING = {"stream": True, "stream_options": {"include_usage": True}}


def relayed(answer, client=None, at=None, **fields):
    at = at or ValueDesk(budgets=(dollars("1"),))
    client = client or ListeningClient()

    async def go():
        holding = await funded(at, chat(**{**ASKING, "max_tokens": 50, **fields}))
        return await relay(Answering(holding, answer), at, client)

    assert isinstance(asyncio.run(go()), Over)
    return at, client


def test_each_piece_is_forwarded_as_it_arrives_and_the_end_only_after_the_money():
    at = ValueDesk(budgets=(dollars("1"),))
    spent = []

    class Watching(ListeningClient):
        def write(self, piece):
            spent.append(at.spent()[0])
            return super().write(piece)

    _, client = relayed(chat_stream(["a", "b"], (10, 5)), Watching(), at)
    assert client.ended
    assert spent[:-1] == [0] * (len(spent) - 1)
    assert spent[-1] == COST
    assert b"[DONE]" in client.pieces[-1]


def test_usage_and_end_in_one_piece_are_settled_like_any_other():
    answer = chat_stream(["a"], (10, 5))
    joined = PreparedAnswer(200, [b"".join(answer.pieces)], "text/event-stream")
    at, client = relayed(joined)
    assert client.ended
    assert at.spent() == (COST, 0, 0)


def test_a_report_above_the_cap_in_the_last_piece_is_posted_in_full():
    at, _client = relayed(chat_stream(["a"], (10, 500)))
    assert at.spent() == (10 * 150 + 500 * 600, 0, 0)
    assert "overran_cap" in at.last().attempts[0].flags
    assert at.ledger._book.gates == {"openai/gpt-4o-mini"}


def test_the_connection_is_read_out_so_that_it_can_serve_again():
    answer = chat_stream(["a"], (10, 5))
    answer.pieces.append(b"")
    relayed(answer)
    assert answer.pieces == []


def test_what_breaks_after_the_end_changes_nothing():
    answer = chat_stream(["a"], (10, 5))
    answer.pieces.append(Ambiguous("reset"))
    at, client = relayed(answer)
    assert client.ended
    assert at.spent() == (COST, 0, 0)


def test_a_stream_that_stalls_keeps_its_hold_with_what_was_seen():
    answer = PreparedAnswer(
        200, [*chat_stream(["a", "b", "c"], None).pieces[:4], Ambiguous("stalled")], "text/event-stream"
    )
    at, client = relayed(answer)
    assert client.was_cut
    assert b"stalled" in client.text
    record = at.last().attempts[0]
    assert record.state == "unknown"
    assert record.seen.output_tokens == 3


def test_an_event_that_cannot_be_read_where_usage_should_be_keeps_the_hold():
    answer = PreparedAnswer(200, [b'data: {"usage": {"prompt_tokens": }}\n\n'], "text/event-stream")
    at, client = relayed(answer)
    assert client.was_cut
    assert at.spent()[2] > 0
    assert at.last().attempts[0].state == "unknown"


def test_an_error_event_keeps_the_hold_and_reaches_the_client():
    answer = PreparedAnswer(200, [b'data: {"error": {"type": "server_error"}}\n\n'], "text/event-stream")
    at, client = relayed(answer)
    assert b"server_error" in client.text
    assert at.spent()[2] > 0


def test_a_task_that_is_cancelled_in_mid_stream_remembers_the_output_it_saw():
    """`charge_seen` charges it; with nothing seen the output would be free."""
    answer = chat_stream(["a", "b", "c", "d"], None)
    at = ValueDesk(budgets=(dollars("1", unknown="charge_seen"),))

    def cancel():
        if len(answer.pieces) < 3:
            raise asyncio.CancelledError

    answer.on_read = cancel
    with pytest.raises(asyncio.CancelledError):
        relayed(answer, at=at)
    record = at.last().attempts[0]
    assert record.state == "unknown"
    assert record.seen.output_tokens >= 3
    assert at.last().closing.outcome == "unknown"


def test_a_task_that_is_cancelled_after_the_usage_came_is_settled_by_it():
    at = ValueDesk(budgets=(dollars("1"),))
    answer = chat_stream(["a"], (10, 5), done=False)

    def cancel():
        if not answer.pieces:
            raise asyncio.CancelledError

    answer.on_read = cancel
    with pytest.raises(asyncio.CancelledError):
        relayed(answer, at=at)
    assert at.spent() == (COST, 0, 0)


def test_a_client_that_left_is_drained_for_so_long_and_no_longer():
    at = ValueDesk(budgets=(dollars("1"),), limits=Limits(drain_seconds=1.0))
    answer = chat_stream(["a", "b", "c", "d", "e"], (10, 5))

    def let_the_time_pass():
        for due in list(at.timers):
            due()

    answer.on_read = let_the_time_pass
    relayed(answer, ListeningClient(leave_after=1), at)
    assert at.last().attempts[0].state == "unknown"
    assert answer.aborted
    assert at.draining == 0


def test_no_answer_is_counted_as_drained_after_its_drain_failed():
    answer = PreparedAnswer(
        200, [*chat_stream(["a", "b", "c"], None).pieces[:4], Ambiguous("reset")], "text/event-stream"
    )
    at, _ = relayed(answer, ListeningClient(leave_after=1))
    assert at.draining == 0
    assert at.last().closing.status == 499


def test_a_client_that_cannot_be_told_in_the_middle_of_a_head_keeps_the_hold():
    at = ValueDesk(chat_stream(["a"], (10, 5)), budgets=(dollars("1"),))

    class Deaf(ListeningClient):
        async def head(self, status, headers):
            raise ValueError("a header of the answer contains a line break")

    with pytest.raises(ValueError, match="line break"):
        asyncio.run(at.call(chat(**ASKING), Deaf()))
    assert at.spent()[2] > 0
    assert at.last().closing.outcome == "unknown"


def test_while_the_client_does_not_read_nothing_more_is_taken_from_the_provider():
    answer = chat_stream(["a", "b", "c"], (10, 5))
    seen = []

    class Slow(ListeningClient):
        def write(self, piece):
            super().write(piece)
            return False

        async def drained(self):
            before = len(answer.pieces)
            await asyncio.sleep(0)
            seen.append((len(self.pieces), before, len(answer.pieces)))

    at, client = relayed(answer, Slow())
    assert client.ended
    assert [wrote for wrote, _, _ in seen[:4]] == [1, 2, 3, 4]
    assert all(before == after for _, before, after in seen)
    assert at.spent() == (COST, 0, 0)


def test_a_reader_that_keeps_up_is_never_waited_for():
    class Quick(ListeningClient):
        async def drained(self):
            raise AssertionError("nobody asked for this")

    _, client = relayed(chat_stream(["a"] * 40, (10, 5)), Quick())
    assert client.ended
    assert len(client.pieces) > 40


def test_a_client_that_leaves_while_it_is_waited_for_is_drained():
    answer = chat_stream(["a", "b", "c"], (10, 5))

    class Leaving(ListeningClient):
        def write(self, piece):
            super().write(piece)
            return self.gone

        async def drained(self):
            self.leave()

    at, client = relayed(answer, Leaving())
    assert len(client.pieces) == 1
    assert at.spent() == (COST, 0, 0)
    assert "drained" in at.last().attempts[0].flags
    assert at.draining == 0


def test_a_stream_past_its_cap_is_cut_before_the_client_gets_more_of_it():
    answer = chat_stream(["x"] * 60, (10, 60))
    at, client = relayed(answer)
    assert client.was_cut
    assert answer.aborted
    assert client.text.count(b'"content": "x"') == 50
    assert b"output_cap_passed" in client.text
    assert at.last().attempts[0].state == "unknown"
    assert "cut" in at.last().attempts[0].flags


def test_what_came_with_the_end_is_shown_although_it_goes_past_the_cap():
    """There is nothing left to cut: the money is known, and a hole in the answer would help nobody."""
    joined = PreparedAnswer(200, [b"".join(chat_stream(["x"] * 60, (10, 60)).pieces)], "text/event-stream")
    at, client = relayed(joined)
    assert client.ended
    assert client.text.count(b'"content": "x"') == 60
    assert at.spent() == (10 * 150 + 60 * 600, 0, 0)


def test_a_fault_in_passing_on_keeps_the_hold_and_gives_the_answer_up():
    answer = chat_stream(["a", "b"], (10, 5))

    class Broken(ListeningClient):
        def write(self, piece):
            raise RuntimeError("no socket")

    at = ValueDesk(budgets=(dollars("1"),))
    with pytest.raises(RuntimeError):
        relayed(answer, Broken(), at)
    assert answer.aborted
    assert at.last().attempts[0].state == "unknown"
    assert at.draining == 0
