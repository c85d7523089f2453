"""Prompt caches by parts: the same hits and writes as the simulated provider's, which sees every token."""

from array import array
from random import Random

import msgspec
import pytest

from farthing.replay import caches
from farthing.replay.caches import Part, PrefixCaches, parts_of
from farthing.testing.answer import Block
from farthing.testing.caches import AutomaticCache, BreakpointCache
from support.past_calls import a_call, a_skeleton

OWNER = ("key", "gpt-4o")
CLAUDE = ("key", "claude-sonnet-4-5")
MINUTE_MS = 60_000


def conversations(random, most_parts=12):
    """Prompts of agents: each longer than one before it, or something new."""
    prompts = [[Part(random.randrange(1 << 30), random.randrange(200, 2_000))]]
    while True:
        grown = [*random.choice(prompts), Part(random.randrange(1 << 30), random.randrange(1, 900))]
        prompt = (
            grown if len(grown) <= most_parts and random.random() < 0.9 else [Part(random.randrange(1 << 30), 1_500)]
        )
        prompts.append(prompt)
        yield prompt


def ids_of(prompt):
    """The prompt as tokens: a part's own, that no other part begins with."""
    whole = array("q")
    for part in prompt:
        whole.extend(array("q", [part.mark]) * part.tokens)
    return whole


@pytest.mark.parametrize("seed", range(5))
def test_automatic_caches_agree_with_the_simulated_provider(seed):
    random, now = Random(seed), [0]
    theirs, ours = AutomaticCache(lambda: now[0]), PrefixCaches()
    hits = 0
    for _, prompt in zip(range(150), conversations(random), strict=False):
        now[0] += random.randrange(4 * MINUTE_MS)
        expected = theirs.use("key", ids_of(prompt), minimum=1_024)
        found = ours.use(OWNER, prompt, automatic=True, now_ms=now[0])
        assert found.read == expected.read
        assert found.written_5m == expected.written_5m
        hits += found.read > 0
    assert hits > 20, "or nothing was compared"


@pytest.mark.parametrize("seed", range(5))
def test_breakpoints_agree_with_the_simulated_provider(seed):
    random, now = Random(seed), [0]
    theirs, ours = BreakpointCache(lambda: now[0]), PrefixCaches()
    hits = 0
    for _, prompt in zip(range(150), conversations(random), strict=False):
        now[0] += random.randrange(3 * MINUTE_MS)
        marked = [part._replace(ttl=random.choice(("", "", "5m", "1h"))) for part in prompt[:-1]]
        marked.append(prompt[-1]._replace(ttl=random.choice(("5m", "1h"))))
        blocks = [Block(content=str(part.mark), tokens=part.tokens, ttl=part.ttl) for part in marked]
        expected = theirs.use("key", blocks, minimum=1_024)
        assert ours.use(CLAUDE, marked, automatic=False, now_ms=now[0]) == expected
        hits += expected.read > 0
    assert hits > 20, "or nothing was compared"


def test_keys_and_models_share_no_cache():
    ours, prompt = PrefixCaches(), [Part(1, 5_000)]
    ours.use(OWNER, prompt, automatic=True, now_ms=0)
    longer = [*prompt, Part(2, 1)]
    for other in (("other", "gpt-4o"), ("key", "gpt-4o-mini")):
        assert ours.use(other, longer, automatic=True, now_ms=1).read == 0
    assert ours.use(OWNER, longer, automatic=True, now_ms=1).read == 4_992


def test_what_is_remembered_is_bounded_and_what_was_used_last_stays(monkeypatch):
    monkeypatch.setattr(caches, "_MOST", 100)
    ours = PrefixCaches()
    for mark in range(300):
        ours.use(OWNER, [Part(mark, 2_000)], automatic=True, now_ms=mark)
    assert len(ours._ends) <= 102
    assert ours.use(OWNER, [Part(299, 2_000), Part(-1, 5)], automatic=True, now_ms=300).read
    assert not ours.use(OWNER, [Part(0, 2_000), Part(-1, 5)], automatic=True, now_ms=300).read


def test_parts_sum_to_what_the_provider_counted():
    call = a_call(usage=(1_003, 5), messages=3)
    parts = parts_of(call, 1_003)
    assert sum(part.tokens for part in parts) == 1_003
    assert len(parts) == 4


def test_equal_messages_are_equal_parts_whatever_follows():
    short, long = (msgspec.json.encode(a_skeleton(4)), msgspec.json.encode(a_skeleton(5)))
    first, second = (parts_of(a_call(skeleton=each), 1_000) for each in (short, long))
    assert [part.mark for part in first] == [part.mark for part in second[:-1]]


def test_a_prompt_whose_shape_nobody_knows_has_no_parts():
    assert parts_of(a_call(skeleton=b""), 1_000) == ()
    assert parts_of(a_call(blocks=((7, 512), (8, 88))), 600) == (Part(7, 512), Part(8, 88))
