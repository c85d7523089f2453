"""Recorded calls as the engine sees them: the facts of their records, and nothing that only words could tell."""

import msgspec

from farthing.domain.record import MessageShape, Skeleton
from farthing.domain.usage import Usage
from farthing.replay.draft import RecordedDialect, RecordedDraft, encode_answered, read_sent
from farthing.wire.dialect import Answered
from support.past_calls import a_call

TOOLS = Skeleton(
    messages=(
        MessageShape("system", "a" * 16, 100),
        MessageShape("user", "b" * 16, 50),
        MessageShape("assistant", "c" * 16, 20, ("look", "look")),
        MessageShape("tool", "d" * 16, 20, ("look",)),
        MessageShape("user", "e" * 16, 50, (), "1h"),
    ),
    tool_names=("look",),
    text_bytes=240,
)


def drafted(skeleton=TOOLS, **more):
    return RecordedDraft(a_call(skeleton=msgspec.json.encode(skeleton), **more))


def test_what_was_asked_is_what_the_record_says():
    asked = drafted(streamed=True, choices=2, tier="flex").asked
    assert (asked.model, asked.stream, asked.cap, asked.choices, asked.tier) == ("gpt-4o", True, 1_000, 2, "flex")
    assert (asked.text_bytes, asked.overhead_tokens, asked.cache_ttl) == (4_000, 20, "1h")


def test_a_call_that_reasoned_asked_for_it():
    assert drafted(usage=(10, 10), finish="stop").asked.reasons is False
    thinking = a_call()
    thinking = msgspec.structs.replace(
        thinking, usage=Usage(input_tokens=1, output_tokens=9, reasoning_output_tokens=5)
    )
    assert RecordedDraft(thinking).asked.reasons is True


def test_tools_are_counted_and_never_taken_for_a_loop():
    uses = drafted().history()
    assert [use.name for use in uses] == ["look", "look"]
    assert {use.turn for use in uses} == {1}
    assert len({use.arguments for use in uses}) == 2, "nobody knows whether the arguments were equal"
    assert (drafted().turns(), drafted().words()) == (1, 2)


def test_a_note_makes_the_text_longer_and_is_on_the_wire():
    draft = drafted()
    told = draft.saying("ten bytes.")
    assert told.asked.text_bytes == draft.asked.text_bytes + 10
    sent = read_sent(told.closing().outbound(model="m", cap=7))
    assert (sent.model, sent.cap, sent.more_bytes, sent.last) == ("m", 7, 10, True)
    assert read_sent(draft.outbound(model="m", cap=None)).last is False


def test_an_exact_count_is_what_it_was():
    counted = drafted(bound="exact", input_bound=1_234)
    assert counted.exact_tokens() == 1_234 - 20, "the template's overhead is added by whoever asks"
    plain = RecordedDraft(a_call(usage=(987, 1)))
    assert plain.exact_tokens() == 987 - 20, "the template of a plain conversation is published"
    assert RecordedDraft(a_call(usage=None)).exact_tokens() is None
    assert plain.counted_tokens() == 987


def test_with_tools_an_exact_count_bounds_more_than_is_billed():
    draft = drafted(usage=(1_000, 1))
    assert draft.exact_tokens() + draft.asked.overhead_tokens > 1_000


def test_answers_are_values_all_the_way():
    answered = Answered(usage=Usage(input_tokens=5, output_tokens=6), finish="stop", model="m", tier="flex")
    assert RecordedDialect("openai-chat").answered(encode_answered(answered)) == answered
    assert RecordedDialect("anthropic-messages").format == "anthropic"
    assert RecordedDialect("openai-responses").format == "openai"


def test_the_words_are_nobodys():
    assert list(drafted().texts()) == []
    assert drafted().template_tokens() is None
    assert drafted().carrier() == ""
