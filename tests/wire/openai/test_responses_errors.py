"""How a Responses stream that must stop tells its clients."""

from farthing.wire.openai.responses_errors import stream_error
from farthing.wire.openai.responses_stream import ResponsesStream
from support.messages_wire import data_in

OUT = stream_error(message="it stopped\nhere", code="budget_exceeded")


def test_the_error_event_is_in_both_forms_that_libraries_look_for():
    data = data_in(OUT, "error")
    assert (data["type"], data["code"], data["message"]) == ("error", "budget_exceeded", "it stopped\nhere")
    assert data["error"]["message"] == "it stopped\nhere"


def test_a_client_that_waits_for_a_failed_response_learns_not_to_try_again():
    failed = data_in(OUT, "response.failed")["response"]
    assert failed["status"] == "failed"
    assert failed["error"]["code"] == "insufficient_quota"


def test_our_own_reader_takes_it_for_the_end():
    stream = ResponsesStream()
    assert stream.feed(OUT) == b""
    assert stream.ended
    assert stream.answered().failed == "insufficient_quota"
