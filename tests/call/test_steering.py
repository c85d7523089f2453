"""A provider that is ill is not asked for a while: the next attempt goes to another, or is refused before it is sent."""

import asyncio

import msgspec
import pytest

from farthing.budgets.match import Resolver
from farthing.call.rules import Rules
from farthing.domain.errors import Ambiguous, NotSent, Unreachable
from farthing.guard.breaker import Rules as BreakerRules
from farthing.guard.providers import HealthRules, Providers
from support.client import ListeningClient
from support.desk import ANTHROPIC, BOOK, FACTS, OPENAI, ValueDesk, chat, dollars
from support.upstream import PreparedAnswer, PreparedUpstream, chat_answer

LISTING = msgspec.structs.replace(OPENAI, models=("gpt-4o-mini",), retries=0)
OTHER = msgspec.structs.replace(LISTING, name="azure", origin="https://azure.test")
MODEL = "gpt-4o-mini"
BUDGETS = (dollars("1"),)


class TwoProviders(ValueDesk):
    """Each provider has prepared answers of its own."""

    def __init__(self, first, second=(), other=OTHER, minimum=4):
        super().__init__(budgets=BUDGETS)
        self.doors = {"openai": PreparedUpstream(*first), other.name: PreparedUpstream(*second)}
        self.rules = Rules(book=BOOK, facts=FACTS, resolver=Resolver(BUDGETS), providers=(LISTING, other, ANTHROPIC))
        self.health = Providers(
            HealthRules(minimum=minimum, breaker=BreakerRules(open_for_ms=30_000, growth=2, most_ms=900_000))
        )

    def upstream_of(self, provider):
        return self.doors[provider]

    def sent(self):
        return {name: len(door.sent) for name, door in self.doors.items()}

    def take(self, times=1, **body):
        return [asyncio.run(self.call(chat(max_tokens=10, **body), ListeningClient())) for _ in range(times)]


def failing(status=500):
    return PreparedAnswer(status, [b'{"error":{"message":"no"}}'])


def test_well_providers_are_not_even_counted():
    at = TwoProviders([chat_answer() for _ in range(5)])
    at.take(5)
    assert len(at.health) == 0
    assert at.sent() == {"openai": 5, "azure": 0}


@pytest.mark.parametrize(
    "failure",
    [failing(), failing(529), failing(429), Ambiguous("reset"), Unreachable("refused")],
    ids=["500", "529", "429", "reset", "refused"],
)
def test_after_enough_failures_calls_go_to_the_other_provider(failure):
    again = [failing(failure.status) if isinstance(failure, PreparedAnswer) else failure for _ in range(4)]
    at = TwoProviders(again, [chat_answer(10, 5), chat_answer(10, 5)])
    at.take(4)
    (client,) = at.take()
    assert client.status == 200
    assert at.sent() == {"openai": 4, "azure": 1}
    first, second = at.last().attempts
    assert (first.state, first.opening.provider) == ("void", "openai")
    assert (second.state, second.opening.provider) == ("settled", "azure")
    assert second.opening.ordinal == 2
    (step,) = second.opening.steps
    assert (step.stage, step.did) == ("provider", "azure instead of openai")
    assert step.why.startswith("openai/gpt-4o-mini: 4 of 4 calls")


def test_what_is_our_own_doing_tells_nothing_of_the_provider():
    at = TwoProviders([NotSent("shutting down") for _ in range(6)])
    at.take(6)
    assert at.sent()["openai"] == 6
    assert not at.health.breakers


def test_what_the_caller_did_wrong_tells_nothing_of_the_provider():
    at = TwoProviders([failing(400) for _ in range(6)])
    at.take(6)
    assert at.sent()["openai"] == 6


def test_a_callers_own_used_up_quota_bars_the_provider_for_nobody_else():
    at = TwoProviders([failing(429) for _ in range(6)])
    bare = msgspec.structs.replace(LISTING, has_credential=False)
    at.rules = Rules(book=BOOK, facts=FACTS, resolver=Resolver(BUDGETS), providers=(bare, OTHER))
    at.take(6)
    assert at.sent() == {"openai": 6, "azure": 0}


def test_where_there_is_no_other_an_ill_provider_is_better_than_none():
    at = TwoProviders(
        [*(failing() for _ in range(4)), chat_answer(10, 5)], other=msgspec.structs.replace(OTHER, models=("gpt-4o",))
    )
    at.take(4)
    (client,) = at.take()
    assert client.status == 200
    assert at.sent() == {"openai": 5, "azure": 0}
    assert len(at.last().attempts) == 1


def test_a_provider_that_the_caller_named_is_not_replaced():
    at = TwoProviders([failing() for _ in range(5)], [chat_answer()])
    at.take(4)
    at.take(model="openai/gpt-4o-mini")
    assert at.sent()["openai"] == 5
    assert at.sent()["azure"] == 0


def test_a_callers_own_credential_goes_to_nobody_else():
    bare = msgspec.structs.replace(OTHER, has_credential=False)
    at = TwoProviders([failing() for _ in range(5)], [chat_answer()], other=bare)
    at.take(5)
    assert at.sent()["azure"] == 0


def test_one_call_goes_to_see_whether_the_provider_is_back():
    at = TwoProviders([*(failing() for _ in range(4)), chat_answer(), chat_answer()], [chat_answer()])
    at.take(4)
    at.time_ms += 29_999
    at.take()
    assert at.sent() == {"openai": 4, "azure": 1}
    at.time_ms += 1
    at.take(2)
    assert at.sent() == {"openai": 6, "azure": 1}
    assert at.health.breakers.not_closed() == ()


def test_a_probe_that_fails_keeps_the_provider_barred_for_longer():
    at = TwoProviders([failing() for _ in range(5)], [chat_answer() for _ in range(2)])
    at.take(4)
    at.time_ms += 30_000
    at.take()
    at.time_ms += 59_999
    at.take()
    assert at.sent() == {"openai": 5, "azure": 1}


def test_slow_answers_bar_a_provider_too():
    at = TwoProviders([chat_answer() for _ in range(4)], [chat_answer()])
    door = at.doors["openai"]
    quick = door.send

    async def slow(request):
        at.time_ms += 61_000 // 8
        return await quick(request)

    door.send = slow
    at.health = Providers(HealthRules(minimum=4, slow_ms=5_000))
    at.take(4)
    at.take()
    assert at.sent() == {"openai": 4, "azure": 1}


def test_counting_stops_when_nothing_is_wrong_any_more():
    at = TwoProviders([failing(), *(chat_answer() for _ in range(3))])
    at.take(2)
    assert len(at.health) == 1
    at.time_ms += 61_000
    at.take()
    assert len(at.health) == 0
    at.take()
    assert len(at.health) == 0
