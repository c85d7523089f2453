"""History on SQLite against the plain sums in memory and against the ledger, over random pasts summed up at random moments."""

import random

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from farthing.domain.usage import Usage
from farthing.ports.outcomes import OtherCost, Outcome
from support.pasts import EVER, HOUR_MS, Pair

MODELS = ("gpt-4o", "gpt-4o-mini", "unheard-of")
ASKED = (*MODELS, "openai/gpt-4o", "small")
GROUPS = (
    (),
    ("team",),
    ("model", "tier"),
    ("user", "day"),
    ("hour", "outcome"),
    ("step", "run"),
    ("month", "key", "route"),
    ("key",),
    ("user", "model"),
)
WHERES = (
    (),
    (("team", "a"),),
    (("team", ""),),
    (("model", "gpt-4o"), ("user", "")),
    (("run", "r1"),),
    (("user", "u1"),),
)
RUN_GROUPS = ((), ("team", "model"), ("prompt",), ("day", "user"))

runs = st.sampled_from(("", "r1", "r2", "r3"))
labelled = st.fixed_dictionaries(
    {
        "run": runs,
        "team": st.sampled_from("ab"),
        "user": st.sampled_from(("", "u1", "u2")),
        "step": st.sampled_from("xy"),
    }
)
late = st.sampled_from((0, 0, 0, 20_000, 45 * 60_000, 3 * HOUR_MS))


@st.composite
def used(draw):
    total = draw(st.integers(0, 5_000))
    read = draw(st.integers(0, total))
    return Usage(input_tokens=total, cache_read_input_tokens=read, output_tokens=draw(st.integers(0, 300)))


class Pasts(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()
        self.open: list = []
        self.ended: list = []

    @rule(labels=labelled, asked=st.sampled_from(ASKED), late_ms=late, prompt=st.sampled_from(("", "p1")))
    def refused(self, labels, asked, late_ms, prompt):
        opening = self.pair.open_call(labels=_named(labels), model=asked, late_ms=late_ms, prompt=prompt)
        self.pair.refuse(opening)

    @rule(
        labels=labelled,
        asked=st.sampled_from(ASKED),
        model=st.sampled_from(MODELS),
        late_ms=late,
        prompt=st.sampled_from(("", "p1", "p2")),
        key=st.sampled_from(("", "bot")),
    )
    def held(self, labels, asked, model, late_ms, prompt, key):
        opening = self.pair.open_call(labels=_named(labels), model=asked, late_ms=late_ms, prompt=prompt, key=key)
        self.open.append(self.pair.attempt(opening, model=model))

    @precondition(lambda self: self.open or self.ended)
    @rule(data=st.data(), model=st.sampled_from(MODELS))
    def tried_again(self, data, model):
        before = data.draw(st.sampled_from([*self.open, *self.ended]))
        if before.ordinal < 4:
            opening = self.pair.calls[before.call_id]
            if not any(other.call_id == opening.id and other.ordinal > before.ordinal for other in self.pair.attempts):
                self.open.append(self.pair.attempt(opening, model=model))

    @precondition(lambda self: self.open)
    @rule(
        data=st.data(),
        usage=used(),
        tier=st.sampled_from(("", "", "flex")),
        off=st.sampled_from((0, 0, 0, 7)),
        outcome=st.sampled_from(("paid", "paid", "")),
    )
    def settled(self, data, usage, tier, off, outcome):
        attempt = self._end(data)
        self.pair.settle(self.pair.settlement(attempt, usage, tier, off), outcome)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), how=st.sampled_from(("void", "lose")))
    def ended_otherwise(self, data, how):
        getattr(self.pair, how)(self._end(data))

    @precondition(lambda self: self.ended)
    @rule(data=st.data(), usage=used())
    def corrected(self, data, usage):
        self.pair.correct(self.pair.settlement(data.draw(st.sampled_from(self.ended)), usage))

    @precondition(lambda self: self.pair.calls)
    @rule(data=st.data(), outcome=st.sampled_from(("paid", "failed", "unknown")))
    def closed(self, data, outcome):
        self.pair.close_call(data.draw(st.sampled_from(sorted(self.pair.calls))), outcome)

    @rule(run=runs.filter(bool), success=st.booleans(), score=st.sampled_from((None, 0.5, 1.0)))
    def judged(self, run, success, score):
        at_ms = self.pair.clock.now_ms
        self.pair.judge(Outcome(run=run, at_ms=at_ms, success=success, score=score, by="ada"))

    @rule(
        run=st.sampled_from(("r1", "r2", "r3", "silent")),
        nanos=st.one_of(st.just(0), st.integers(0, 10**9)),
        once=st.sampled_from(("", "x")),
        kind=st.sampled_from(("tool", "search")),
        late_ms=late,
    )
    def booked(self, run, nanos, once, kind, late_ms):
        at_ms = self.pair.clock.now_ms - late_ms
        self.pair.book(OtherCost(run=run, at_ms=at_ms, kind=kind, nanos=nanos, by="ada", once=once))

    @rule(ms=st.sampled_from((1, 1_000, 61_000, 301_000, 601_000, HOUR_MS, 7 * HOUR_MS, 25 * HOUR_MS)))
    def time_passes(self, ms):
        self.pair.pass_time(ms)

    @rule(pieces=st.integers(1, 4))
    def summed_up(self, pieces):
        for _ in range(pieces):
            if not self.pair.fast.sum_up():
                break

    @rule(back_ms=st.sampled_from((90_000, 30 * 60_000, 5 * HOUR_MS + 17, 50 * HOUR_MS)), seed=st.integers(0, 2**16))
    def asked(self, back_ms, seed):
        """A few of all questions, over some time up to now and over all time."""
        self.pair.durable()
        now_ms = self.pair.clock.now_ms
        chance = random.Random(seed)
        for times in ({"since_ms": now_ms - back_ms, "until_ms": now_ms}, EVER):
            self._ask(times, chance.choice(GROUPS), chance.choice(WHERES), chance.choice(RUN_GROUPS))

    def teardown(self):
        try:
            self.pair.durable()
            for by, where in zip(GROUPS, (*WHERES, *WHERES), strict=False):
                self._ask(EVER, by, where, ("team",))
            (whole,) = self.pair.fast.usage(by=(), **EVER) or (None,)
            if whole is not None:
                records = self.pair.memory.records
                assert whole.cost_nanos == sum(
                    attempt.cost_nanos or 0 for call in records.oldest_first() for attempt in call.attempts
                )
        finally:
            self.pair.close()

    def _ask(self, times, by, where, run_by):
        fast, slow = self.pair.fast, self.pair.slow
        usage = fast.usage(by=by, where=where, **times)
        assert usage == slow.usage(by=by, where=where, **times)
        assert fast.usage(by=by, where=where, limit=2, **times) == slow.usage(by=by, where=where, limit=2, **times)
        meters = fast.meters(by=by, where=where, **times)
        assert meters == slow.meters(by=by, where=where, **times)
        for row in usage:
            assert sum(line.picos for line in meters if line.group == row.group) == row.cost_nanos * 1_000
        others = fast.other_costs(by=by, where=where, **times)
        assert others == slow.other_costs(by=by, where=where, **times)
        if "step" in dict(where):
            return
        for order in ("last", "cost"):
            assert fast.runs(where=where, order=order, **times) == slow.runs(where=where, order=order, **times)
        assert fast.run("r1") == slow.run("r1")
        found, wanted = (history.outcomes(by=run_by, where=where, **times) for history in (fast, slow))
        assert _exact(found) == _exact(wanted)
        assert [row.judged_square_usd for row in found] == pytest.approx([row.judged_square_usd for row in wanted])

    def _end(self, data):
        attempt = data.draw(st.sampled_from(self.open))
        self.open.remove(attempt)
        self.ended.append(attempt)
        return attempt


def _exact(rows):
    """Without the one float in them, a sum whose order nobody promises."""
    return [msgspec.structs.replace(row, judged_square_usd=0.0) for row in rows]


def _named(labels: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in labels.items() if value)


TestHistoryIsExact = Pasts.TestCase
TestHistoryIsExact.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
