"""The books on SQLite, where hours that are over are summed once: late news is corrected there too, to the nano-dollar."""

import random

import pytest

from farthing.billing.month import after, span_of
from farthing.domain.usage import Usage
from support.billing_world import OVER, billing_world

MONTHS = ("2026-10", "2026-11", "2026-12")
MODELS = (("gpt-4o-mini", "openai"), ("claude-sonnet-4-5", "anthropic"), ("gpt-99", "openai"))


def some_usage(chance):
    given = chance.randrange(5_000)
    return Usage(input_tokens=given, output_tokens=chance.randrange(500), cache_read_input_tokens=given // 3)


@pytest.mark.parametrize("seed", range(4))
def test_what_was_told_adds_up_to_the_ledger_after_every_change(tmp_path, seed):
    chance = random.Random(seed)
    with billing_world("sqlite", tmp_path) as world:
        books, sent, paid = world.books(), [], []
        for turn in range(60):
            what = chance.random()
            if what < 0.5 or not paid:
                model, provider = chance.choice(MODELS)
                at_ms = span_of(chance.choice(MONTHS))[0] + chance.randrange(27 * 86_400_000)
                sent.append(world.open(at_ms, model=model, provider=provider, team=chance.choice("ab")))
                if chance.random() < 0.7:
                    paid.append(sent.pop())
                    world.settle(paid[-1], some_usage(chance))
            elif what < 0.7 and sent:
                paid.append(sent.pop(0))
                world.settle(paid[-1], some_usage(chance))
            elif what < 0.9:
                world.durable()
                world.correct(chance.choice(paid), some_usage(chance))
            else:
                world.durable()
                while world.history.sum_up():
                    continue
                due = books.next_month(OVER)
                if due is not None and due <= MONTHS[-1]:
                    books.close(due, by="ada", now_ms=OVER)
            if turn % 6 == 0:
                world.durable()
                told = sum(books.bill(month).picos for month in (*MONTHS, after(MONTHS[-1])))
                assert told == world.total_nanos() * 1_000
