"""What a price costs: nanoseconds to find a card, to price an answer, and to bound a call. The goal is under 1 µs each.

python benchmarks/pricing.py [--rounds 9]
"""

import argparse
import timeit
from collections.abc import Callable
from statistics import median

from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.usage import Usage
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import cost
from farthing.pricing.worst import worst

AT_MS = 1_790_000_000_000
"""A moment at which the models below are sold."""
PLAIN = Usage(input_tokens=480, output_tokens=120)
CACHED = Usage(
    input_tokens=48_000,
    output_tokens=900,
    cache_read_input_tokens=40_000,
    cache_write_input_tokens=6_000,
    cache_write_1h_input_tokens=2_000,
)


def card_of(book: PriceBook, model: str, provider: str) -> PriceCard:
    card = book.find(model, provider, at_ms=AT_MS)
    assert not isinstance(card, Unpriced), card.reason
    return card


def cases() -> list[tuple[str, Callable[[], object]]]:
    book = PriceBook.load()
    openai = card_of(book, "gpt-4o-mini", "openai")
    anthropic = card_of(book, "claude-sonnet-4-5", "anthropic")
    return [
        ("find a card", lambda: book.find("gpt-4o-mini", "openai", "openai", at_ms=AT_MS)),
        ("cost of a plain answer", lambda: cost(openai, PLAIN)),
        ("cost with cache reads and writes of both kinds", lambda: cost(anthropic, CACHED)),
        ("worst case of a call", lambda: worst(openai, input_tokens=2_000)),
        ("worst case, a service tier named", lambda: worst(openai, input_tokens=2_000, tiers=("priority",))),
        (
            "worst case, an hour's cache write, long context",
            lambda: worst(anthropic, input_tokens=300_000, cache_ttl="1h"),
        ),
    ]


def nanoseconds(act: Callable[[], object], rounds: int) -> list[float]:
    """Of one call, the empty call that surrounds it taken away; one figure a round."""
    count = 100_000
    empty = min(timeit.repeat(lambda: None, number=count, repeat=rounds))
    return [(took - empty) / count * 1e9 for took in timeit.repeat(act, number=count, repeat=rounds)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = max(1, parser.parse_args().rounds)
    print(f"{'':<50}  median ns   (range of {rounds} rounds)")
    slow = []
    for name, act in cases():
        found = sorted(nanoseconds(act, rounds))
        print(f"{name:<50}  {median(found):9,.0f}   ({found[0]:,.0f}-{found[-1]:,.0f})")
        if median(found) >= 1_000:
            slow.append(name)
    print("above 1 µs: " + ", ".join(slow) if slow else "all under 1 µs")


if __name__ == "__main__":
    main()
