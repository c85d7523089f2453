"""Rules: where a call goes, what it may cost, and what no hard budget can take."""

import msgspec
import pytest

from farthing.budgets.match import Resolver
from farthing.call.arrival import Caller, Provider
from farthing.call.rules import _MOST_CALLERS, _MOST_HEADERS, Rules, worst_of
from farthing.domain.budget import Budget, Unit
from farthing.domain.errors import BadRequest
from farthing.domain.refusal import Refusal
from farthing.tokens.bound import InputBound
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.openai.responses import ResponsesDialect
from support.desk import ANTHROPIC, BOOK, FACTS, NOW_MS, OPENAI, ValueDesk, chat, dollars
from support.funded import claude, planned

LISTING = Provider(name="local", format="openai", origin="https://local.test", models=("llama-*", "exact"))


def rules(*budgets, providers=(OPENAI, ANTHROPIC)):
    return Rules(book=BOOK, facts=FACTS, resolver=Resolver(budgets), providers=providers)


def judged(body, *budgets, dialect=None, providers=(OPENAI, ANTHROPIC), **more):
    at = ValueDesk()
    return rules(*budgets, providers=providers).plan(at.arrival(body, dialect, **more))


@pytest.mark.parametrize(
    ("asked", "provider", "model"),
    [
        ("local/gpt-4o", "local", "gpt-4o"),
        ("llama-3", "local", "llama-3"),
        ("exact", "local", "exact"),
        ("exactly", "openai", "exactly"),
        ("openai/llama-3", "openai", "llama-3"),
        ("meta/llama-3", "openai", "meta/llama-3"),
        ("local/", "openai", "local/"),
    ],
)
def test_a_name_leads_to_the_provider_it_names_else_who_lists_it_else_who_speaks_it(asked, provider, model):
    found = rules(providers=(ANTHROPIC, LISTING, OPENAI)).route("openai", asked)
    assert (found[0].name, found[1]) == (provider, model)


def test_a_model_that_nobody_takes_is_a_mistake_of_the_callers_and_names_the_field():
    with pytest.raises(BadRequest) as caught:
        judged(chat(), providers=(LISTING, ANTHROPIC))
    assert (caught.value.status, caught.value.field) == (404, "model")


def test_a_call_never_goes_to_a_provider_of_another_format():
    with pytest.raises(BadRequest):
        judged({**chat(), "model": "anthropic/claude-haiku-4-5"}, providers=(ANTHROPIC,))


@pytest.mark.parametrize(
    ("body", "dialect", "field"),
    [
        (chat(web_search_options={}), None, "web_search_options"),
        (chat(models=["gpt-4o"]), None, "models"),
        ({"model": "gpt-4o-mini", "input": "x", "background": True}, ResponsesDialect(), "background"),
        (claude(mcp_servers=[{"type": "url", "url": "https://x", "name": "x"}]), MessagesDialect(), "mcp_servers[0]"),
        (
            claude(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
            MessagesDialect(),
            "tools[0].max_uses",
        ),
    ],
)
def test_what_bills_without_a_cap_is_refused_by_name_under_any_hard_budget(body, dialect, field):
    tokens = Budget(name="few", limits=((Unit.TOKENS, 10**9),))
    refusal = judged(body, tokens, dialect=dialect)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field, refusal.status) == ("uncapped_feature", field, 402)
    assert not isinstance(judged(body, dollars("1", hard="off"), dialect=dialect), Refusal)


def test_the_way_out_that_is_named_is_one():
    body = {"model": "gpt-4o-mini", "input": "x", "tools": [{"type": "web_search"}]}
    refusal = judged(body, dollars("1"), dialect=ResponsesDialect())
    assert refusal.message.startswith("`tools[0]` of type `web_search` bills without a cap")
    assert "`max_tool_calls`" in refusal.what_to_do
    assert not isinstance(judged({**body, "max_tool_calls": 1}, dollars("9"), dialect=ResponsesDialect()), Refusal)


def test_an_unpriced_model_is_refused_only_where_money_is_limited():
    body = {**chat(), "model": "no-such-model"}
    refusal = judged(body, dollars("1"))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "unpriced_model"
    assert "'all'" in refusal.message
    assert not isinstance(judged(body, Budget(name="few", limits=((Unit.TOKENS, 10**9),))), Refusal)
    assert not isinstance(judged(body, dollars("1", hard="off")), Refusal)


def test_a_tier_whose_price_nobody_knows_is_unpriced_too():
    refusal = judged(claude(max_tokens=9, speed="fast"), dollars("1"), dialect=MessagesDialect())
    assert isinstance(refusal, Refusal)
    assert refusal.code == "unpriced_model"


WIDE = ((b"anthropic-beta", b"prompt-caching-2024-07-31,context-1m-2025-08-07"),)


def test_a_wider_window_than_the_model_is_priced_for_cannot_be_bounded():
    refusal = judged(claude(max_tokens=9), dollars("1"), dialect=MessagesDialect(), headers=WIDE)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == ("uncapped_feature", "anthropic-beta")
    assert not isinstance(judged(claude(max_tokens=9), dialect=MessagesDialect(), headers=WIDE), Refusal)
    assert not isinstance(judged(claude(max_tokens=9), dollars("1"), dialect=MessagesDialect()), Refusal)


def test_a_model_whose_window_is_that_wide_anyway_needs_no_refusal():
    assert not isinstance(
        judged(claude(max_tokens=9, model="claude-opus-4-6"), dollars("1"), dialect=MessagesDialect(), headers=WIDE),
        Refusal,
    )


def test_a_caller_chooses_budgets_only_by_labels_it_is_trusted_with():
    rich = dollars("1", "rich", match=(("team", "rich"),))
    labels = (("team", "rich"),)
    trusting = planned_with(rich, Caller(key="k", labels=labels, trusted=frozenset({"team"})))
    wary = planned_with(rich, Caller(key="k", labels=labels, trusted=frozenset()))
    assert [key.budget for key, *_ in trusting.terms.accounts] == ["rich"]
    assert wary.terms.accounts == ()


def planned_with(budget, caller):
    return planned(ValueDesk(budgets=(budget,)), chat(), caller=caller)


@pytest.mark.parametrize(("patience", "wait"), [(None, 20_000), (10_000, 8_000), (600_000, 20_000)])
def test_nobody_waits_longer_than_the_client_does(patience, wait):
    assert judged(chat(), dollars("1"), patience_ms=patience).wait_ms == wait


def test_the_shortest_wait_and_the_highest_floor_of_all_hard_budgets_hold():
    both = (dollars("1", "a", wait_seconds=5, floor=100), dollars("1", "b", wait_seconds=9, floor=300))
    plan = judged(chat(), *both, dollars("1", "c", hard="off", wait_seconds=0, floor=9_000))
    assert plan.wait_ms == 5_000
    assert plan.wanted.floor == 300


def test_the_price_is_the_one_of_the_moment_of_arrival():
    plan = judged(chat())
    assert plan.card == BOOK.find("gpt-4o-mini", "openai", "openai", at_ms=NOW_MS)
    assert plan.worst.slope_picos == plan.card.variants[""][0].rates.output


def test_choices_multiply_the_price_of_the_cap_and_not_of_the_input():
    one, four = judged(chat()), judged(chat(n=4))
    assert four.worst.slope_picos == 4 * one.worst.slope_picos
    assert four.worst.base_picos == one.worst.base_picos + (four.bound.tokens - one.bound.tokens) * 150_000


def test_a_provider_that_may_choose_the_tier_is_held_at_its_dearest():
    at = ValueDesk(budgets=(dollars("1"),))
    at.time_ms = 1_795_305_600_000  # a moment at which the book has prices of dearer tiers
    free = planned(at, {**chat(service_tier="auto"), "model": "gpt-4o"})
    bound = planned(at, {**chat(service_tier="default"), "model": "gpt-4o"})
    dearest = max(tiers[0].rates.output for name, tiers in free.card.variants.items() if name != "batch")
    assert free.worst.slope_picos == dearest > bound.worst.slope_picos


def test_a_connections_headers_go_out_as_one_tuple_and_never_with_those_of_another_provider():
    ours = Provider(name="ours", format="openai", origin="https://ours.test", headers=((b"authorization", b"ours"),))
    other = Provider(name="other", format="openai", origin="https://other.test", headers=((b"x-key", b"other"),))
    ruled, callers = rules(), ((b"authorization", b"theirs"), (b"accept", b"*/*"))
    made = ruled.outgoing(ours, callers)
    assert made == ((b"authorization", b"ours"), (b"accept", b"*/*"))
    assert ruled.outgoing(ours, callers) is made
    assert ruled.outgoing(other, callers) == ((b"x-key", b"other"), *callers)
    assert ruled.outgoing(ours, ()) == ours.headers


def test_headers_of_callers_do_not_fill_the_memory_and_are_never_taken_for_those_of_others():
    ruled = rules()
    for number in range(2 * _MOST_HEADERS):
        headers = ((b"x-number", b"%d" % number),)  # often where the one before has just been forgotten
        assert ruled.outgoing(OPENAI, headers)[-1] == headers[0]
        assert len(ruled._outgoing) <= _MOST_HEADERS


DAILY = Budget(name="daily", window="day", each="user", limits=((Unit.USD, 10**12),))
DAY_MS = 86_400_000


def told(ruled, caller, at_ms=NOW_MS):
    at = ValueDesk()
    at.time_ms = at_ms
    return ruled.terms(at.arrival(chat(), caller=caller))


def test_the_very_same_caller_is_told_the_same_terms_until_its_window_closes():
    ruled, ann = rules(DAILY), Caller(key="k", labels=(("user", "ann"),))
    first = told(ruled, ann)
    assert told(ruled, ann, NOW_MS + 1) is first
    tomorrow = told(ruled, ann, NOW_MS + DAY_MS)
    assert tomorrow.accounts[0][0].window != first.accounts[0][0].window
    assert told(ruled, ann, NOW_MS).accounts == tomorrow.accounts


def test_i18_terms_of_a_closed_window_are_not_used_again_when_the_clock_steps_back():
    ruled = rules(DAILY)
    ann, bob = (Caller(key="k", labels=(("user", name),)) for name in ("ann", "bob"))
    told(ruled, ann)
    window = told(ruled, bob, NOW_MS + DAY_MS).accounts[0][0].window
    assert told(ruled, ann).accounts[0][0].window == window


def test_nobody_is_told_the_terms_of_another_caller_however_alike_and_the_memory_is_bounded():
    ruled = rules(DAILY)
    for number in range(_MOST_CALLERS + 10):  # often where the one before has just been forgotten
        name = f"u{number % 1_000}"
        caller = Caller(key="", labels=(("user", name),))
        assert told_values(ruled, caller) == {name}
        assert len(ruled._callers) <= _MOST_CALLERS
    distrusted = Caller(key="k", labels=(("user", "u1"),), trusted=frozenset())
    assert told_values(ruled, distrusted) == {"(none)"}


ASKING = ValueDesk().arrival(chat())


def told_values(ruled, caller):
    arrival = msgspec.structs.replace(ASKING, caller=caller)
    return {account.value for account, _, _, _ in ruled.terms(arrival).accounts}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"n": 4},
        {"service_tier": "auto"},
        {"service_tier": "flex"},
        {"prompt_cache_options": {}},
        {"modalities": ["text", "audio"]},
        {"prediction": {"type": "content", "content": "x" * 40}, "n": 2},
        {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AAAA"}}]}]},
    ],
    ids=repr,
)
@pytest.mark.parametrize("model", ["gpt-4o-mini", "gpt-5.4", "gpt-4o-audio-preview", "no-such-model"])
@pytest.mark.parametrize("tokens", [1, 200_000, 272_000, 272_001, 10**6])
def test_a_remembered_fare_says_the_same_as_the_worst_case_itself(model, more, tokens):
    ruled, asked = rules(), ValueDesk().arrival({**chat(), "model": model, **more}).draft.asked
    fare, bound = ruled.fare("openai", model, NOW_MS), InputBound(tokens, "bytes")
    assert ruled.fare("openai", model, NOW_MS) is fare
    assert fare.worst(asked, bound) == worst_of(asked, fare.to.facts, fare.card, bound)


def test_a_fare_holds_no_longer_than_its_price():
    ruled = rules()
    for at_ms in range(NOW_MS, NOW_MS + 3 * 366 * DAY_MS, 7 * DAY_MS):
        for model in ("gpt-4o", "gpt-4o-mini"):
            assert ruled.fare("openai", model, at_ms).card == BOOK.find(model, "openai", "openai", at_ms=at_ms)
