"""What happens to the money when something breaks: every kind of fault, under every policy, whole and streamed."""

from contextlib import ExitStack

import pytest

from farthing.stores.sqlite.verify import verify
from faults.table import CASES, ELSEWHERE, combinations, name
from support.fault_changes import moving_clock, new_configuration, slow_provider
from support.fault_clients import misbehaving_client
from support.fault_cuts import cut_scene
from support.fault_disk import failing_disk
from support.fault_gateway import misbehaving_provider, stage
from support.fault_process import KilledGateways
from support.fault_words import Layer, Ledger, Money, Policy
from support.fault_world import ACTS, MODELS, Outcome, share_of

ROWS = list(combinations())
SLOW = {Layer.KILL, Layer.CUT, Layer.DISK, Layer.PATIENCE}
ALONE = {Layer.PROVIDER: misbehaving_provider, Layer.CLIENT: misbehaving_client}
"""Faults of one call."""
TOGETHER = {
    Layer.PATIENCE: slow_provider,
    Layer.CLOCK: moving_clock,
    Layer.CHANGE: new_configuration,
    Layer.DISK: failing_disk,
}
"""Faults of the whole gateway, or slow ones: all runs of a case meet them at one time."""


class Stages:
    """Whatever a case needs, built up when the first case needs it and shared with the others."""

    def __init__(self, folders, stack):
        self._folders = folders
        self._stack = stack
        self._running = {}
        self._scenes = {}

    def meet(self, case, policy, *, streamed) -> Outcome:
        if case.layer in ALONE:
            running = self._ready(case.layer, stage)
            return running.meet_alone(case, policy, streamed=streamed, act=ALONE[case.layer])
        if case.name not in self._scenes:
            self._scenes[case.name] = self._play(case)
        return self._scenes[case.name][policy, streamed]

    def _play(self, case):
        match case.layer:
            case Layer.KILL:
                return self._ready(case.layer, lambda layer, folder: KilledGateways(folder)).meet(case)
            case Layer.CUT:
                return cut_scene(case, self._folders.mktemp(case.name))
            case layer:
                return self._ready(layer, stage).meet_together(case, TOGETHER[layer])

    def _ready(self, layer, make):
        if layer not in self._running:
            folder = self._folders.mktemp(layer.name.lower())
            self._stack.callback(self._verify, folder)
            self._running[layer] = self._stack.enter_context(make(layer, folder))
        return self._running[layer]

    @staticmethod
    def _verify(folder):
        """When all is over: the sums are right on every account."""
        assert verify(folder / "farthing.db") == []


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    with ExitStack() as stack:
        yield Stages(tmp_path_factory, stack)


def amount(money: Money, outcome: Outcome) -> int:
    return {Money.NOTHING: 0, Money.BILL: outcome.bill.nanos, Money.HOLD: outcome.left.holds}[money]


def judge(expected: Ledger, outcome: Outcome) -> None:
    """Hold what came of a fault against what is written."""
    run, seen, left, bill, after = outcome
    assert (seen.status, left.states) == (expected.client, expected.states)
    assert expected.ended in (None, seen.ended)
    assert (left.posted, left.unknown) == (amount(expected.posted, outcome), amount(expected.unknown, outcome))
    assert bill.sent == (len(expected.states) if expected.sent is None else expected.sent)
    for attempt in left.attempts:
        assert set(attempt.flags) == {*expected.flags, *(ACTS[run.policy] if expected.told else ())}
        assert attempt.opening.model == MODELS[run.policy]
        assert all(share.amount == share_of(attempt) for share in attempt.shares), "every account has the same"
        assert (attempt.cost_nanos is None) == (attempt.state != "settled"), "what is unknown has no cost"
        assert (attempt.source == "provider") == (attempt.state == "settled"), "nothing is an estimate"
    assert set(bill.models) <= {MODELS[run.policy]}
    assert after == expected.then.under(run.policy)


def judge_whatever_happened(expected: Ledger, outcome: Outcome) -> None:
    """What holds for every fault."""
    _, _, left, bill, _ = outcome
    assert left.held == 0, "nobody holds anything any more"
    assert (left.sums["held"], left.sums["void"]) == (0, 0)
    assert left.sums["unknown"] == left.unknown, "the account is the sum of its holds"
    assert left.sums["settled"] == left.posted + left.warm, "and of what was posted"
    assert not expected.bounded or bill.nanos <= left.posted + left.unknown, "nothing that was sent is free"


@pytest.mark.parametrize(
    ("case", "policy", "streamed"),
    [
        pytest.param(*row, id=name(*row[:2], streamed=row[2]), marks=[pytest.mark.slow] * (row[0].layer in SLOW))
        for row in ROWS
    ],
)
def test_a_fault_leaves_the_ledger_that_the_table_says(stages, case, policy, streamed):
    outcome = stages.meet(case, policy, streamed=streamed)
    expected = case.ledger(streamed=streamed)
    judge_whatever_happened(expected, outcome)
    judge(expected, outcome)


def test_every_kind_of_fault_is_in_the_table_whole_and_streamed_or_has_a_reason_not_to_be():
    kinds = {f"F{number}" for number in range(1, 33)}
    elsewhere = {each.fault for each in ELSEWHERE}
    for streamed in (False, True):
        run = {case.fault for case, _, its_streamed in ROWS if its_streamed is streamed}
        assert run | elsewhere == kinds
        assert not run & elsewhere
    assert all(each.why for each in ELSEWHERE)


def test_a_case_is_run_under_every_policy():
    ids = [name(case, policy, streamed=streamed) for case, policy, streamed in ROWS]
    assert len(set(ids)) == len(ids)
    assert {policy for _, policy, _ in ROWS} == set(Policy)
    assert len({case.name for case in CASES}) == len(CASES)
