"""Responses that the simulated provider keeps: followed from any event on, cancelled and billed until then, listed, counted."""

import openai
import pytest

from farthing.testing import ManualClock, Settings, SimulatedProvider, list_prices

ASKED = {"model": "gpt-4o-mini", "input": "hello", "max_output_tokens": 20}


@pytest.fixture(params=[True, False], ids=["says what it used", "says nothing"])
def world(request):
    clock = ManualClock()
    settings = Settings(background_ms=1_000, cancelled_usage=request.param)
    provider = SimulatedProvider(prices=list_prices(clock), settings=settings, clock=clock)
    with provider.in_thread(), openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k") as client:
        yield client, provider, clock, request.param


def test_a_cancelled_one_is_billed_until_then_where_it_says_so_and_else_whole(world):
    client, provider, clock, says = world
    made = client.responses.create(**ASKED, background=True)
    clock.advance(ms=250)
    answer = client.responses.cancel(made.id)
    assert answer.status == client.responses.retrieve(made.id).status == "cancelled"
    (entry,) = provider.bill
    assert entry.usage.output_tokens == (5 if says else 20)
    assert (answer.usage.output_tokens if answer.usage else None) == (5 if says else None)
    assert client.responses.cancel(made.id).usage == answer.usage


def test_it_is_followed_from_any_event_on_to_its_end(world):
    client, _, clock, _ = world
    made = client.responses.create(**ASKED, background=True)
    clock.advance(ms=1_000)
    events = list(client.responses.retrieve(made.id, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    later = list(client.responses.retrieve(made.id, stream=True, starting_after=4))
    assert [event.sequence_number for event in later] == list(range(5, len(events)))
    assert later[-1].response.usage == client.responses.retrieve(made.id).usage


def test_what_was_asked_is_listed_and_counted(world):
    client, provider, _, _ = world
    made = client.responses.create(**ASKED)
    assert [item.content for item in client.responses.input_items.list(made.id)] == ["hello"]
    counted = client.responses.input_tokens.count(model="gpt-4o-mini", input="hello")
    assert counted.input_tokens == made.usage.input_tokens
    assert len(provider.bill) == 1


def test_what_is_no_path_of_its_is_refused(world):
    client, _, _, _ = world
    made = client.responses.create(**ASKED)
    for method, path in (("PUT", made.id), ("GET", f"{made.id}/cancel"), ("GET", "resp_of_nobody")):
        with pytest.raises(openai.NotFoundError):
            getattr(client, method.lower())(f"/responses/{path}", cast_to=dict)
    with pytest.raises(openai.BadRequestError, match="synchronous"):
        client.responses.cancel(made.id)
