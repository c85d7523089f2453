"""The simulation without HTTP: caches on the bill, room for answers, ids."""

import pytest

from farthing.testing.chat import Chat
from farthing.testing.faults import Fault
from farthing.testing.messages import Messages
from farthing.testing.script import Directive
from farthing.testing.simulation import Settings, Simulation
from support.simulated import chat_body, messages_body

LONG = "word " * 3_000


def ask(simulation, form, body, fault=None, owner="key"):
    return simulation.answer(form, form.read(body), owner=owner, fault=fault, directive=Directive())


@pytest.fixture
def simulation(clock):
    return Simulation(Settings(), clock=clock)


def test_openai_counts_cached_tokens_inside_the_input(simulation):
    body = chat_body(messages=[{"role": "user", "content": LONG}])
    first, second = ask(simulation, Chat(), body).usage, ask(simulation, Chat(), body).usage
    assert (first.cache_read_input_tokens, first.cache_write_input_tokens) == (0, 0)
    assert second.input_tokens == first.input_tokens
    assert second.cache_read_input_tokens == (first.input_tokens - 1) // 128 * 128


def test_models_that_bill_cache_writes_report_them(simulation):
    body = chat_body(model="gpt-5.6", messages=[{"role": "user", "content": LONG}])
    first, second = ask(simulation, Chat(), body).usage, ask(simulation, Chat(), body).usage
    assert first.cache_write_input_tokens == second.cache_read_input_tokens > 2_000
    assert second.cache_write_input_tokens == 0
    assert Chat().usage(ask(simulation, Chat(), body), 1)["prompt_tokens_details"]["cache_write_tokens"] == 0


def test_anthropic_counts_cached_tokens_outside_its_input(simulation):
    system = [{"type": "text", "text": LONG * 2, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    form, body = Messages(), messages_body(system=system)
    first, second = ask(simulation, form, body), ask(simulation, form, body)
    wrote, read = form.usage(first, 0), form.usage(second, 0)
    assert wrote["cache_creation"] == {
        "ephemeral_5m_input_tokens": 0,
        "ephemeral_1h_input_tokens": wrote["cache_creation_input_tokens"],
    }
    assert read["cache_read_input_tokens"] == wrote["cache_creation_input_tokens"] > 4_096
    assert wrote["input_tokens"] == read["input_tokens"] < 50
    assert first.usage.input_tokens == wrote["input_tokens"] + wrote["cache_creation_input_tokens"]
    assert first.usage.cache_write_1h_input_tokens == first.usage.cache_write_input_tokens
    assert first.usage.flaw() is second.usage.flaw() is None


def test_a_key_never_reads_the_cache_of_another(simulation):
    body = chat_body(messages=[{"role": "user", "content": LONG}])
    ask(simulation, Chat(), body, owner="one")
    assert ask(simulation, Chat(), body, owner="two").usage.cache_read_input_tokens == 0


@pytest.mark.parametrize("times", [2, 4])
def test_an_overrun_ignores_the_cap_and_reports_the_truth(simulation, times):
    answer = ask(simulation, Chat(), chat_body(max_tokens=50), Fault(kind="overrun", times=times))
    assert answer.usage.output_tokens == 50 * times == len(answer.outputs[0].text.split())


def test_an_answer_ends_where_the_context_ends(simulation):
    body = chat_body(model="gpt-4", messages=[{"role": "user", "content": " word" * 8_175}])
    answer = ask(simulation, Chat(), body)
    assert answer.usage.input_tokens + answer.usage.output_tokens == 8_192
    assert answer.outputs[0].cut


def test_the_same_run_makes_the_same_ids_and_answers(clock):
    def run(seed):
        simulation = Simulation(Settings(seed=seed), clock=clock)
        return [(answer.id, answer.outputs) for answer in (ask(simulation, Chat(), chat_body()) for _ in range(3))]

    assert run(1) == run(1) != run(2)
    assert len({name for name, _ in run(1)}) == 3


def test_stored_responses_do_not_fill_the_memory(clock, monkeypatch):
    monkeypatch.setattr("farthing.testing.simulation._REMEMBERED_RESPONSES", 5)
    simulation = Simulation(Settings(answer_tokens=1), clock=clock)
    for _ in range(20):
        ask(simulation, simulation.responses, {"model": "gpt-4o", "input": "hi"})
    assert len(simulation.responses.kept) == 5


def test_reset_forgets_everything(simulation):
    body = chat_body(messages=[{"role": "user", "content": LONG}])
    ask(simulation, Chat(), body)
    simulation.script.push("never said")
    simulation.faults.push("429")
    simulation.reset()
    assert ask(simulation, Chat(), body).usage.cache_read_input_tokens == 0
    assert simulation.faults.next() is None
    assert ask(simulation, Chat(), chat_body()).outputs[0].text != "never said"
