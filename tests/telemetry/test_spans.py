"""A call as a span: where it belongs, what it says, and that money is whole or said to be unknown."""

import msgspec

from farthing.domain.ids import show
from farthing.domain.record import Step
from farthing.domain.usage import Usage
from farthing.pricing.tool_price import TOOL
from farthing.telemetry.spans import cost_nanos, span_of
from support.recorded import a_call

TRACE = "0af7651916cd43dd8448eb211c80319c"


def naive(opening, attempt):
    return (attempt.cost_nanos or 0) + 5


def the_span(call, hidden=frozenset()):
    return span_of(call, naive_of=naive, hidden=hidden)


def test_a_call_without_a_trace_has_one_of_its_own_that_is_always_the_same():
    one, again = the_span(a_call(1, attempts=({},))), the_span(a_call(1, attempts=({},)))
    assert one == again
    assert 0 < one.trace_id < 2**128
    assert one.trace_id != the_span(a_call(2, attempts=({},))).trace_id
    assert one.parent_id == 0


def test_a_call_with_a_trace_is_below_its_callers_span():
    span = the_span(a_call(1, attempts=({},), labels=(("trace", TRACE),), parent="b7ad6b7169203331"))
    assert f"{span.trace_id:032x}" == TRACE
    assert f"{span.parent_id:016x}" == "b7ad6b7169203331"


def test_a_label_called_trace_that_is_no_trace_is_not_taken_for_one():
    span = the_span(a_call(1, attempts=({},), labels=(("trace", "mine"),), parent="b7ad6b7169203331"))
    assert (span.parent_id, span.trace_id) == (0, the_span(a_call(1, attempts=({},))).trace_id)


def test_the_spans_id_is_the_calls():
    call = a_call(3, attempts=({},))
    assert f"call_{the_span(call).span_id:016x}" == show("call", call.opening.id)


def test_retries_are_events_of_one_span_and_their_costs_are_summed():
    call = a_call(
        1,
        attempts=(
            {"cost_nanos": 40, "usage": Usage(input_tokens=3)},
            {"state": "void", "reason": "not sent"},
            {
                "cost_nanos": 2,
                "usage": Usage(input_tokens=4, output_tokens=1),
                "provider": "azure",
                "model": "gpt-4o-eu",
            },
        ),
    )
    span = the_span(call)
    assert [event.attributes["farthing.attempt"] for event in span.events] == [1, 2, 3]
    assert span.events[1].attributes["farthing.attempt.reason"] == "not sent"
    assert span.attributes["farthing.cost.nanodollars"] == 42
    assert span.attributes["gen_ai.usage.cost.amount"] == span.attributes["llm.cost.total"] == 42e-9
    assert span.attributes["gen_ai.usage.input_tokens"] == 7
    assert span.attributes["llm.token_count.total"] == 8
    assert span.attributes["gen_ai.provider.name"] == "azure.ai.openai"
    assert span.attributes["gen_ai.request.model"] == "gpt-4o"
    assert span.attributes["farthing.sent.model"] == "gpt-4o-eu"
    assert span.attributes["farthing.saved.nanodollars"] == 10
    assert span.error == ""


def test_cached_tokens_have_both_of_their_names():
    usage = Usage(
        input_tokens=9,
        cache_read_input_tokens=3,
        cache_write_input_tokens=2,
        output_tokens=4,
        reasoning_output_tokens=1,
    )
    known = the_span(a_call(1, attempts=({"usage": usage},))).attributes
    assert known["gen_ai.usage.cache_read.input_tokens"] == 3
    assert known["gen_ai.usage.cache_write.input_tokens"] == known["gen_ai.usage.cache_creation.input_tokens"] == 2
    assert known["gen_ai.usage.reasoning.output_tokens"] == 1


def test_an_unpriced_call_claims_no_cost():
    call = a_call(1, attempts=({"cost_nanos": None}, {"cost_nanos": 5}))
    assert cost_nanos(call) is None
    known = the_span(call).attributes
    assert known["farthing.cost.known"] is False
    assert "gen_ai.usage.cost.amount" not in known


def test_a_refused_call_says_why_and_cost_nothing():
    call = a_call(1, closing="refused")
    call = msgspec.structs.replace(call, closing=msgspec.structs.replace(call.closing, code="circuit_open"))
    span = the_span(call)
    assert span.error == span.attributes["error.type"] == span.attributes["farthing.refusal.code"] == "circuit_open"
    assert span.attributes["farthing.cost.nanodollars"] == 0
    assert span.attributes["gen_ai.provider.name"] == "unknown"


def test_a_call_that_its_process_left_is_an_error_and_ends_with_its_last_attempt():
    span = the_span(a_call(1, closing="", attempts=({"state": "settled"},)))
    assert span.error == "lost"
    assert span.end_ms == span.start_ms + 800


def test_labels_have_their_names_elsewhere_and_hidden_ones_are_not_told():
    call = a_call(1, attempts=({},), labels=(("run", "r1"), ("team", "a"), ("user", "kim")))
    known = the_span(call, frozenset({"user"})).attributes
    assert known["gen_ai.conversation.id"] == known["session.id"] == known["farthing.label.run"] == "r1"
    assert "kim" not in known.values()
    assert the_span(call).attributes["user.id"] == "kim"


def test_what_stages_did_stands_with_the_attempt():
    call = a_call(1, attempts=({"steps": (Step("downgrade", "gpt-4o-mini instead"),)},))
    assert the_span(call).events[0].attributes["farthing.steps"] == ("downgrade: gpt-4o-mini instead",)


def test_a_stream_tells_when_its_first_piece_came():
    call = a_call(1, attempts=({"finish": "stop", "served_model": "gpt-4o-1", "tier": "flex"},), streamed=True)
    call = msgspec.structs.replace(call, closing=msgspec.structs.replace(call.closing, first_byte_ms=250))
    known = the_span(call).attributes
    assert known["gen_ai.response.time_to_first_chunk"] == 0.25
    assert known["gen_ai.response.finish_reasons"] == ("stop",)
    assert known["gen_ai.response.model"] == "gpt-4o-1"
    assert known["openai.response.service_tier"] == "flex"


def a_tool(number=1, *, closing="paid", attempts=({},), **more):
    """A use of a tool, as the SDK records it: the tool's name as the model, no tokens."""
    kind = {"provider": TOOL, "model": "lookup", "usage": Usage(), "cost_nanos": 5_000_000}
    return a_call(
        number,
        dialect=TOOL,
        route=TOOL,
        model="lookup",
        closing=closing,
        attempts=tuple(kind | one for one in attempts),
        **more,
    )


def test_a_tool_is_executed_within_the_program_and_has_a_price_and_no_model():
    span = the_span(a_tool())
    assert (span.name, span.within) == ("execute_tool lookup", True)
    told = span.attributes
    assert (told["gen_ai.operation.name"], told["gen_ai.tool.name"], told["gen_ai.tool.type"]) == (
        "execute_tool", "lookup", "function",
    )  # fmt: skip
    assert (told["openinference.span.kind"], told["tool.name"]) == ("TOOL", "lookup")
    assert (told["farthing.cost.nanodollars"], told["gen_ai.usage.cost.amount"]) == (5_000_000, 0.005)
    assert (told["farthing.outcome"], told["farthing.attempts"]) == ("paid", 1)
    of_models = ("gen_ai.request.", "gen_ai.response.", "gen_ai.provider.", "gen_ai.usage.input", "llm.model", "http.")
    assert not [name for name in told if name.startswith(of_models)]
    assert not [name for event in span.events for name in event.attributes if name.startswith("gen_ai.")]


def test_what_goes_to_a_provider_is_not_within_the_program():
    assert not the_span(a_call(1, attempts=({},))).within


def test_a_tool_whose_price_nobody_knows_yet_claims_no_cost():
    told = the_span(a_tool(closing="unknown", attempts=({"state": "unknown", "cost_nanos": None},))).attributes
    assert told["farthing.cost.known"] is False
    assert told["error.type"] == "unknown"


def test_a_tool_that_was_refused_is_a_tool_still():
    call = a_tool(closing="refused", attempts=())
    call = msgspec.structs.replace(call, closing=msgspec.structs.replace(call.closing, code="budget_exceeded"))
    span = the_span(call)
    assert span.name == "execute_tool lookup"
    assert span.attributes["farthing.refusal.code"] == span.error == "budget_exceeded"


def test_a_tool_belongs_to_its_run_and_agent():
    told = the_span(a_tool(labels=(("agent", "triage"), ("run", "r1"), ("tool", "lookup")))).attributes
    assert (told["gen_ai.conversation.id"], told["gen_ai.agent.name"]) == ("r1", "triage")
