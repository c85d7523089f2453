"""Responses answers, event by event, and what is kept of them."""

import httpx2
import pytest

from farthing.testing import Reply, ToolCall
from support.simulated import OPENAI, events_of, post, responses_body, responses_tool

PATH = "/v1/responses"


def streamed(provider, **more):
    return events_of(post(provider, PATH, responses_body(stream=True, **more)).text)


def get(provider, path, method="GET"):
    with httpx2.Client(trust_env=False, verify=False) as client:
        return client.request(method, f"{provider.url}{path}", headers=OPENAI)


def test_a_whole_answer_has_openais_shape(provider):
    provider.script.push("Two days.")
    answer = post(provider, PATH, responses_body(metadata={"a": "b"})).json()
    assert (answer["object"], answer["status"], answer["metadata"]) == ("response", "completed", {"a": "b"})
    assert [item["type"] for item in answer["output"]] == ["message"]
    assert answer["output"][0]["content"][0]["text"] == "Two days."
    assert answer["usage"]["input_tokens"] == provider.bill.entries[0].usage.input_tokens


def test_a_stream_opens_and_closes_everything_it_names(provider):
    provider.script.push("It is.")
    events = streamed(provider)
    assert [name for name, _ in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [data["sequence_number"] for _, data in events] == list(range(10))
    assert all(data["type"] == name for name, data in events)
    assert events[0][1]["response"]["usage"] is None
    done = events[-1][1]["response"]
    assert done["usage"]["output_tokens"] == provider.bill.entries[0].usage.output_tokens
    assert done["output"][0]["content"][0]["text"] == "It is."


def test_a_tool_call_streams_its_arguments(provider):
    call = ToolCall("get_order", {"order_id": "A 1"})
    provider.script.push(Reply(tools=(call,)))
    events = streamed(provider, tools=[responses_tool("get_order", "order_id")])
    deltas = [data["delta"] for name, data in events if name == "response.function_call_arguments.delta"]
    assert "".join(deltas) == call.text
    added = next(data for name, data in events if name == "response.output_item.added")["item"]
    assert (added["type"], added["arguments"], added["status"]) == ("function_call", "", "in_progress")
    assert [name for name, _ in events][-3:-1] == ["response.function_call_arguments.done", "response.output_item.done"]


def test_thinking_is_an_item_of_its_own(provider):
    answer = post(provider, PATH, responses_body(model="gpt-5-mini")).json()
    assert [item["type"] for item in answer["output"]] == ["reasoning", "message"]
    assert answer["usage"]["output_tokens_details"]["reasoning_tokens"] == 64
    assert answer["usage"]["output_tokens"] == 164


def test_the_cap_makes_an_answer_incomplete(provider):
    answer = post(provider, PATH, responses_body(max_output_tokens=16)).json()
    assert (answer["status"], answer["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert answer["usage"]["output_tokens"] == 16
    assert streamed(provider, max_output_tokens=16)[-1][0] == "response.incomplete"


def test_a_cap_below_the_thinking_leaves_only_thinking(provider):
    answer = post(provider, PATH, responses_body(model="gpt-5-mini", max_output_tokens=16)).json()
    assert [item["type"] for item in answer["output"]] == ["reasoning"]
    assert answer["usage"]["output_tokens_details"]["reasoning_tokens"] == 16


def test_a_chain_is_billed_for_all_that_came_before(provider):
    provider.script.push("first answer", "second answer")
    first = post(provider, PATH, responses_body()).json()
    second = post(provider, PATH, responses_body(previous_response_id=first["id"])).json()
    third = post(provider, PATH, responses_body(previous_response_id=second["id"])).json()
    sizes = [answer["usage"]["input_tokens"] for answer in (first, second, third)]
    assert sizes[0] < sizes[1] < sizes[2]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0]


def test_what_is_not_stored_cannot_be_continued(provider):
    stored = post(provider, PATH, responses_body(store=False)).json()["id"]
    assert get(provider, f"{PATH}/{stored}").status_code == 404
    assert (
        post(provider, PATH, responses_body(previous_response_id=stored)).json()["error"]["code"]
        == "previous_response_not_found"
    )


def test_a_background_answer_is_queued_then_running_then_done(provider, clock):
    queued = post(provider, PATH, responses_body(background=True)).json()
    assert (queued["status"], queued["usage"], queued["output"]) == ("queued", None, [])
    path = f"{PATH}/{queued['id']}"
    assert get(provider, path).json()["status"] == "in_progress"
    clock.advance(seconds=1)
    done = get(provider, path).json()
    assert (done["status"], done["usage"]["output_tokens"]) == ("completed", 100)
    assert provider.bill.entries[0].usage.output_tokens == 100
    assert len(provider.bill) == 1


def test_a_background_answer_can_be_cancelled_until_it_is_done(provider, clock):
    first, second = (post(provider, PATH, responses_body(background=True)).json()["id"] for _ in range(2))
    assert get(provider, f"{PATH}/{first}/cancel", "POST").json()["status"] == "cancelled"
    clock.advance(seconds=1)
    assert get(provider, f"{PATH}/{first}").json()["status"] == "cancelled"
    assert get(provider, f"{PATH}/{second}/cancel", "POST").json()["status"] == "completed"


def test_a_stored_answer_can_be_deleted_but_not_cancelled(provider):
    stored = post(provider, PATH, responses_body()).json()["id"]
    assert get(provider, f"{PATH}/{stored}").json()["status"] == "completed"
    assert get(provider, f"{PATH}/{stored}/cancel", "POST").status_code == 400
    assert get(provider, f"{PATH}/{stored}", "DELETE").json()["deleted"] is True
    assert get(provider, f"{PATH}/{stored}").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("PUT", "resp_x"), ("POST", "resp_x/stop")])
def test_other_methods_on_stored_answers_do_not_exist(provider, method, path):
    stored = post(provider, PATH, responses_body()).json()["id"]
    assert get(provider, f"{PATH}/{path.replace('resp_x', stored)}", method).status_code == 404
