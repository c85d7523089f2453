"""Draining: begun by the client's leaving, bounded in number and time, and always counted out again."""

from farthing.call.drain import Drain
from support.client import ListeningClient
from support.desk import ValueDesk
from support.upstream import chat_answer


def test_a_client_that_stays_is_never_drained():
    desk = ValueDesk()
    Drain(desk, ListeningClient(), chat_answer()).end()
    assert desk.draining == 0
    assert not desk.timers


def test_an_abandoned_answer_is_counted_until_it_ends():
    desk, client = ValueDesk(), ListeningClient()
    drain = Drain(desk, client, chat_answer())
    client.leave()
    assert desk.draining == 1
    assert not drain.gave_up
    drain.end()
    drain.end()
    assert desk.draining == 0
    assert not desk.timers


def test_a_silent_answer_is_aborted_when_its_time_is_over_without_another_piece():
    desk, client, answer = ValueDesk(), ListeningClient(), chat_answer()
    drain = Drain(desk, client, answer)
    client.leave()
    desk.timers[0]()
    assert "too long" in drain.gave_up
    assert answer.aborted
    drain.end()
    assert desk.draining == 0


def test_beyond_the_limit_an_abandoned_answer_is_aborted_at_once():
    desk, client, answer = ValueDesk(), ListeningClient(), chat_answer()
    desk.draining = desk.limits.drains
    drain = Drain(desk, client, answer)
    client.leave()
    assert "too many" in drain.gave_up
    assert answer.aborted
    assert desk.draining == desk.limits.drains


def test_leaving_with_the_last_piece_begins_nothing():
    desk, client = ValueDesk(), ListeningClient()
    Drain(desk, client, chat_answer()).end()
    client.leave()
    assert desk.draining == 0
    assert not desk.timers


def test_a_client_that_had_left_before_is_drained_from_the_start():
    desk, client = ValueDesk(), ListeningClient()
    client.leave()
    Drain(desk, client, chat_answer())
    assert desk.draining == 1
