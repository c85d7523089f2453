"""A recording client passes on everything, and has the whole answer exactly when the answer was whole."""

import asyncio

from farthing.gateway.recording import RecordingClient
from support.client import ListeningClient

HEADERS = [(b"content-type", b"text/event-stream")]


def recorded(client, *acts, most=100):
    """What it has after these acts, each a name and its arguments."""

    async def run():
        recording = RecordingClient(client, most)
        for name, *arguments in acts:
            await getattr(recording, name)(*arguments)
        return recording

    return asyncio.run(run())


STREAM = (("head", 200, HEADERS), ("body", b"one "), ("body", b"two "), ("end", b"three"))


def test_a_whole_answer_is_passed_on_and_kept():
    client = ListeningClient()
    kept = recorded(client, ("whole", 404, HEADERS, b"no")).answer
    assert (client.status, client.text, client.ended) == (404, b"no", True)
    assert (kept.status, kept.headers, kept.body, kept.streamed) == (404, HEADERS, b"no", False)


def test_a_stream_is_kept_when_it_has_ended():
    client = ListeningClient()
    kept = recorded(client, *STREAM).answer
    assert (client.text, client.ended) == (b"one two three", True)
    assert (kept.status, kept.headers, kept.body, kept.streamed) == (200, HEADERS, b"one two three", True)


def test_a_stream_that_is_cut_or_under_way_is_no_answer():
    assert recorded(ListeningClient(), *STREAM[:3]).answer is None
    cut = ListeningClient()
    assert recorded(cut, *STREAM[:3], ("cut",)).answer is None
    assert cut.was_cut


def test_the_answer_is_whole_though_its_client_left():
    client = ListeningClient(leave_after=1)
    recording = recorded(client, *STREAM)
    assert recording.gone
    assert client.text == b"one "
    assert recording.answer.body == b"one two three"


def test_what_is_longer_than_may_be_kept_is_passed_on_all_the_same():
    for most, keeps in ((13, True), (12, False)):
        client = ListeningClient()
        assert (recorded(client, *STREAM, most=most).answer is not None) is keeps
        assert client.text == b"one two three"
        whole = ListeningClient()
        assert (recorded(whole, ("whole", 200, HEADERS, b"x" * 13), most=most).answer is not None) is keeps
        assert whole.text == b"x" * 13


def test_it_rings_when_the_client_leaves():
    rung = []
    client = ListeningClient()
    RecordingClient(client, 1).when_gone(lambda: rung.append(True))
    client.leave()
    assert rung == [True]


def test_a_whole_answer_is_told_of_before_its_client_has_it():
    client = ListeningClient()
    told = []

    async def first(answer):
        told.append((answer.status, answer.body, client.text))

    asyncio.run(RecordingClient(client, 100, first).whole(429, HEADERS, b"no"))
    assert told == [(429, b"no", b"")]
    assert client.text == b"no"
