"""What the client is told beside the answer: the contract's headers, safe whatever a caller calls its model."""

import asyncio
import json

from farthing.call.said import _MOST_REMEMBERED, _passes, always, call_id, note, passed_on, refused, remaining_usd
from farthing.call.said import funded as told_of
from farthing.domain.budget import AccountKey, Budget, Standing, Unit
from farthing.domain.ids import show
from farthing.domain.refusal import Refusal
from farthing.domain.usage import Usage
from farthing.wire.dialect import Answered
from support.client import ListeningClient
from support.desk import ValueDesk, chat, dollars
from support.funded import closing, funded, planned
from support.upstream import chat_answer

USED = Usage(input_tokens=10, output_tokens=5)


def desk(limit="1", **more):
    return ValueDesk(budgets=(dollars(limit, **more),))


def arrival(at, **more):
    return planned(at, chat(), **more).arrival


def settled(at, holding):
    holding.settle(Answered(usage=USED), USED, closing(holding))


def test_every_answer_names_the_call_the_model_and_the_cache():
    one = arrival(desk())
    assert dict(always(one, "gpt-4o-mini")) == {
        b"x-farthing-call-id": show("call", one.id).encode(),
        b"x-farthing-model": b"gpt-4o-mini",
        b"x-farthing-cache": b"off",
    }
    assert call_id(one).startswith("call_")


def test_a_models_name_cannot_carry_a_second_header():
    value = dict(always(arrival(desk()), "x\r\nset-cookie: a=b\x00\x7f日"))[b"x-farthing-model"]
    assert value == b"x??set-cookie: a=b???"


def test_a_very_long_name_is_shortened():
    assert len(dict(always(arrival(desk()), "x" * 10_000))[b"x-farthing-model"]) <= 256


def test_what_is_left_counts_this_call_as_soon_as_its_cost_is_known():
    at = desk("1")
    holding = asyncio.run(funded(at, chat(max_tokens=50)))
    before = remaining_usd(holding)
    settled(at, holding)
    assert remaining_usd(holding) == "0.9999955"
    assert float(before) < 0.9999955


def test_what_is_left_is_never_told_as_more_than_others_have_left_of_it():
    at = desk("1")

    async def go():
        one = await funded(at, chat(max_tokens=50))
        other = await funded(at, chat(max_tokens=5_000))
        settled(at, one)
        return one, other

    one, other = asyncio.run(go())
    left = 10**9 - at.spent()[0] - at.spent()[1]
    assert other.reserved.held
    assert float(remaining_usd(one)) * 1e9 <= left + dict(one.reserved.held)[one.reserved.tightest.account]


def test_without_a_budget_of_money_nothing_is_said_of_what_is_left():
    at = ValueDesk(budgets=(Budget(name="tokens", limits=((Unit.TOKENS, 100_000),)),))
    holding = asyncio.run(funded(at, chat()))
    assert remaining_usd(holding) is None
    assert b"x-farthing-budget-remaining-usd" not in dict(told_of(holding))


def test_a_stream_carries_the_same_numbers_in_its_note():
    at = desk("1")
    holding = asyncio.run(funded(at, chat(max_tokens=50)))
    assert note(holding).cost_usd is None
    settled(at, holding)
    told = note(holding)
    assert (told.cost_usd, told.remaining_usd) == ("0.0000045", "0.9999955")
    assert told.call_id == call_id(holding.plan.arrival)


def test_a_provider_cannot_speak_in_our_name_nor_set_cookies():
    headers = [
        (b"content-type", b"application/json"),
        (b"x-farthing-cost-usd", b"0"),
        (b"set-cookie", b"a=b"),
        (b"content-length", b"7"),
        (b"x-request-id", b"r"),
    ]
    assert passed_on(headers) == [(b"content-type", b"application/json"), (b"x-request-id", b"r")]


def test_a_refusal_is_final_and_says_what_is_left():
    standing = Standing(AccountKey("b", "", Unit.USD, "lifetime"), 10**9, 4 * 10**8, 10**8, 0, needed=9 * 10**8)
    refusal = Refusal(code="budget_exceeded", message="m", what_to_do="w", standing=standing)
    status, headers, body = refused(arrival(desk()), refusal)
    told = dict(headers)
    assert status == 402
    assert told[b"x-should-retry"] == b"false"
    assert told[b"x-farthing-cost-usd"] == b"0"
    assert told[b"x-farthing-budget-remaining-usd"] == b"0.5"
    assert b"retry-after" not in told
    assert json.loads(body)["error"]["farthing"]["needed_usd"] == "0.9"


def test_a_refusal_that_may_pass_says_when():
    refusal = Refusal(code="budget_reserved", message="m", what_to_do="w", retry_after_seconds=5)
    _, headers, _ = refused(arrival(desk()), refusal)
    assert dict(headers)[b"retry-after"] == b"5"


def test_codex_gets_a_400_only_for_what_would_be_a_402():
    codex = arrival(desk(), code_for_codex=True)
    assert refused(codex, Refusal(code="x", message="m", what_to_do="w"))[0] == 400
    assert refused(codex, Refusal(code="x", message="m", what_to_do="w", status=429))[0] == 429


def test_a_failure_that_cost_nothing_says_so():
    from farthing.domain.errors import NotSent

    at = desk()
    at.upstream.outcomes += [NotSent("no route")] * 3
    client = asyncio.run(at.call(chat()))
    assert client.headers[b"x-farthing-cost-usd"] == b"0"


def test_the_headers_of_a_call_that_was_clamped_say_so():
    at = ValueDesk(chat_answer(10, 5), budgets=(dollars("0.0005"),))
    client = asyncio.run(at.call(chat(max_tokens=5_000), ListeningClient()))
    assert client.headers[b"x-farthing-output-cap"].endswith(b"; clamped")


def test_names_of_headers_that_a_provider_makes_up_do_not_fill_the_memory():
    made_up = [(b"x-%d" % number, b"v") for number in range(_MOST_REMEMBERED + 1)]
    assert passed_on([*made_up, (b"x-farthing-cost-usd", b"0"), (b"date", b"now")]) == made_up
    assert len(_passes) <= _MOST_REMEMBERED
