"""G. Prices: R59, R60 and R70 through the whole gateway. R53 to R62 as arithmetic are in tests/pricing and tests/wire."""

import pytest

from farthing.config.engine import wall_ms
from farthing.domain.money import parse_usd
from farthing.domain.price import Rates
from farthing.testing import list_prices
from support.callers import gateway_before, money, provider_of, send, settled
from support.hasty import PATHS

LONG = [{"role": "user", "content": "The rules of this house, once more from the beginning. " * 600}]
MARKED = [{"role": "user", "content": [{"type": "text", "text": LONG[0]["content"] * 2, "cache_control": {"type": "ephemeral"}}]}]  # fmt: skip
CACHED = {"chat": {"messages": LONG}, "responses": {"input": LONG[0]["content"]}, "messages": {"messages": MARKED}}
PLENTY = money("all", parse_usd("10")) + '[[budgets]]\nname = "tokens"\ntokens = 1_000_000\n'


def used(gateway, provider):
    """Posted in money and in tokens, and the provider's tokens."""
    posted, billed = settled(gateway, provider, "all")
    tokens = sum(entry.usage.input_tokens + entry.usage.output_tokens for entry in provider.bill)
    assert posted == billed
    assert gateway.posted("tokens") == tokens
    return posted, tokens


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", PATHS)
def test_r59_what_was_read_from_the_cache_keeps_its_price_in_a_stream_too(tmp_path, dialect, stream):
    """litellm: details of the cache were lost where an answer was streamed, and cost 7.4 times too much or too little."""
    with provider_of() as provider, gateway_before(provider, tmp_path, PLENTY) as gateway:
        for _ in range(3):
            assert send(gateway.url, dialect, stream=stream, **CACHED[dialect]).status_code == 200
        used(gateway, provider)
        first, *later = provider.bill.entries
        assert all(entry.usage.cache_read_input_tokens > 3_000 for entry in later)
        assert all(entry.nanos < first.nanos for entry in later)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_r60_an_answer_that_is_given_again_is_neither_paid_nor_counted_again(tmp_path, stream):
    """litellm: tokens of answers from the gateway's own cache were charged as if the provider had made them."""
    with provider_of() as provider, gateway_before(provider, tmp_path, PLENTY) as gateway:
        headers = {"idempotency-key": "one"}
        made = send(gateway.url, stream=stream, headers=headers)
        before = used(gateway, provider)
        for _ in range(5):
            again = send(gateway.url, stream=stream, headers=headers)
            assert (again.status_code, again.content) == (200, made.content)
            assert again.headers["x-farthing-replayed"] == "true"
        assert used(gateway, provider) == before
        assert len(provider.bill) == 1


def test_r60_what_the_gateway_asks_for_itself_is_on_nobodys_account(tmp_path):
    """The free token count that sizes a hold more tightly: asked when money is scarce, and never charged."""
    with provider_of() as provider:
        text = [{"role": "user", "content": "å ß ø " * 400}]
        limit = 2_500_000
        with gateway_before(provider, tmp_path, money("all", limit)) as gateway:
            seen = send(gateway.url, "messages", messages=text)
            assert [request.path for request in provider.requests].count("/v1/messages/count_tokens") == 1
            posted, billed = settled(gateway, provider, "all")
        assert seen.status_code == 200
        assert posted == billed <= limit
        assert len(provider.bill) == 1


CONTRACT = """
[[prices]]
model = "house-model"
input = 2
output = 8
"""


@pytest.mark.parametrize("cache_read", [None, 500_000], ids=["no_cached_price", "a_cached_price"])
def test_r70_a_model_without_a_price_for_cached_input_bills_it_as_input(tmp_path, cache_read):
    """langfuse: where a model had no column for cached tokens they were left out of its cost."""
    rates = Rates(input=2_000_000, output=8_000_000, cache_read=cache_read)
    named = CONTRACT + ("" if cache_read is None else "cache_read = 0.5\n")
    with (
        provider_of(prices={"house-model": rates}) as provider,
        gateway_before(provider, tmp_path, named + PLENTY) as gateway,
    ):
        for _ in range(3):
            assert send(gateway.url, model="house-model", messages=LONG).status_code == 200
        used(gateway, provider)
        first, second, _ = provider.bill.entries
    assert second.usage.cache_read_input_tokens > 3_000
    assert (second.nanos == first.nanos) is (cache_read is None)


def test_r70_every_model_of_the_book_bills_cached_input_at_something():
    price_of = list_prices(wall_ms)
    for model in (
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-4.1",
        "gpt-5",
        "gpt-5-mini",
        "o3",
        "claude-haiku-4-5",
        "claude-opus-4-6",
    ):
        rates = price_of(model, "", 1_000)
        assert rates is not None
        assert (rates.input if rates.cache_read is None else rates.cache_read) > 0
