"""Sums of a replay: what was and what would have been, side by side, by group, by run and in all. Exact."""

from array import array
from collections import Counter

import msgspec

from farthing.call.landing import FLAG as LANDING
from farthing.domain.usage import Usage
from farthing.replay.recorded import Recorded
from farthing.replay.replaying import CACHED, NOT_MADE, Replayed


class Sums:
    """Of calls in one of the two worlds. Money in nano-dollars."""

    __slots__ = (
        "cached_tokens",
        "calls",
        "cost_nanos",
        "failed",
        "from_cache",
        "input_tokens",
        "not_made",
        "output_tokens",
        "paid",
        "refused",
        "timed",
        "took_ms",
        "unknown",
        "unpriced",
        "written_tokens",
    )

    def __init__(self) -> None:
        self.calls = self.paid = self.refused = self.failed = self.unknown = self.not_made = self.from_cache = 0
        self.input_tokens = self.cached_tokens = self.written_tokens = self.output_tokens = 0
        self.cost_nanos = self.unpriced = 0
        self.took_ms = self.timed = 0
        """How long the paid calls took together, and how many of them were timed."""

    def add(self, outcome: str, usage: Usage | None, cost_nanos: int | None, took_ms: int | None) -> None:
        self.calls += outcome != NOT_MADE
        self.refused += outcome == "refused"
        self.failed += outcome in ("failed", "unsent")
        self.not_made += outcome == NOT_MADE
        self.from_cache += outcome == CACHED
        if usage is None:
            self.unknown += outcome == "unknown"
            return
        self.paid += 1
        self.input_tokens += usage.input_tokens
        self.cached_tokens += usage.cache_read_input_tokens
        self.written_tokens += usage.cache_write_input_tokens
        self.output_tokens += usage.output_tokens
        self.cost_nanos += cost_nanos or 0
        self.unpriced += cost_nanos is None
        if took_ms is not None:
            self.took_ms += took_ms
            self.timed += 1

    @property
    def mean_ms(self) -> int | None:
        """What a paid call took; None where none was timed."""
        return self.took_ms // self.timed if self.timed else None


class Pair:
    """Both worlds."""

    __slots__ = ("now", "then")

    def __init__(self) -> None:
        self.then, self.now = Sums(), Sums()

    def add(self, each: Replayed) -> None:
        call = each.call
        self.then.add(call.outcome, call.usage, call.cost_nanos, call.took_ms)
        self.now.add(each.outcome, each.usage, each.cost_nanos, each.took_ms)


class RunPair(Pair):
    """One run in both worlds, and how it ended here."""

    __slots__ = ("code", "ending", "workflow")

    def __init__(self) -> None:
        super().__init__()
        self.workflow = ""
        self.ending = "as recorded"
        """`as recorded`, `stopped`, `landed`, or `refused` where a call was refused and the run went on."""
        self.code = ""

    def add(self, each: Replayed) -> None:
        super().add(each)
        self.workflow = self.workflow or each.call.label("workflow")
        if each.outcome == NOT_MADE:
            self.ending = "landed" if each.code == LANDING else "stopped"
            self.code = "" if each.code == LANDING else each.code
        elif LANDING in each.flags and LANDING not in each.call.flags:
            self.ending = "landed"
        elif each.outcome == "refused" and each.call.outcome != "refused" and self.ending == "as recorded":
            self.ending, self.code = "refused", each.code


class Shares(msgspec.Struct):
    """How much of the bill stands on what: calls and nano-dollars of the policy's bill."""

    recorded_calls: int = 0
    recorded_nanos: int = 0
    """Recorded usage at the recorded price."""
    repriced_calls: int = 0
    repriced_nanos: int = 0
    """Recorded usage at a price that the policy changes."""
    simulated_calls: int = 0
    simulated_nanos: int = 0

    def add(self, each: Replayed) -> None:
        nanos = each.cost_nanos or 0
        if each.why:
            self.simulated_calls += 1
            self.simulated_nanos += nanos
        elif each.repriced:
            self.repriced_calls += 1
            self.repriced_nanos += nanos
        else:
            self.recorded_calls += 1
            self.recorded_nanos += nanos


class Agreement(msgspec.Struct):
    """How far the provider's cache as simulated is the one on record: the share of the simulation that can be believed."""

    calls: int = 0
    """Whose caches are followed."""
    same_calls: int = 0
    """Of these, read and written as recorded."""
    cached_tokens: int = 0
    """Read and written then, by the record."""
    astray_tokens: int = 0
    """By which the simulation misses them."""

    def add(self, each: Replayed) -> None:
        usage = each.call.usage
        if each.astray is None or usage is None:
            return
        self.calls += 1
        self.same_calls += not each.astray
        self.cached_tokens += usage.cache_read_input_tokens + usage.cache_write_input_tokens
        self.astray_tokens += each.astray


class Tally:
    """Everything a report of a replay shows. Memory goes with groups and runs, and 16 bytes a call for the times."""

    def __init__(self, by: tuple[str, ...] = ("workflow", "model")) -> None:
        """`by` names labels, or `model`, `provider`, `key`: of the call as it was."""
        self.by = by
        self.whole = Pair()
        self.groups: dict[tuple[str, ...], Pair] = {}
        self.runs: dict[str, RunPair] = {}
        self.shares = Shares()
        self.simulated: Counter[str] = Counter()
        """What is simulated, in words, by calls."""
        self.refusals: Counter[str] = Counter()
        """By code, those that the record does not have."""
        self.acts: Counter[str] = Counter()
        """What the policy did to calls, by flag, beyond what the record has."""
        self.clamped = 0
        self.kept_nanos = 0
        """What the calls cost then that are answered from the cache now."""
        self.left_out_calls = self.left_out_tokens = 0
        """Input tokens of messages that the policy leaves out."""
        self.agreement = Agreement()
        self.late_ms = 0
        """The most that a call came later than recorded."""
        self.first_ms = self.last_ms = 0
        self.otherwise: Counter[str] = Counter()
        """What the engine came to where the record, under the same policy, says something else."""
        self._took_then, self._took_now = array("q"), array("q")

    def add(self, each: Replayed) -> None:
        call = each.call
        self.whole.add(each)
        group = tuple(_of(call, name) for name in self.by)
        self.groups.setdefault(group, Pair()).add(each)
        if call.run:
            self.runs.setdefault(call.run, RunPair()).add(each)
        if each.usage is not None:
            self.shares.add(each)
            self.agreement.add(each)
        self.simulated.update(each.why)
        if each.outcome == "refused" and call.outcome != "refused":
            self.refusals[each.code] += 1
        self.acts.update(flag for flag in each.flags if flag not in call.flags)
        self.clamped += each.clamped
        self.kept_nanos += (call.cost_nanos or 0) if each.outcome == CACHED else 0
        self.left_out_calls += each.left_out > 0
        self.left_out_tokens += each.left_out
        if each.otherwise:
            self.otherwise[each.otherwise] += 1
        self.late_ms = max(self.late_ms, each.late_ms)
        self.first_ms = min(self.first_ms or call.arrived_ms, call.arrived_ms)
        self.last_ms = max(self.last_ms, call.arrived_ms)
        self._time(each)

    def quantiles_ms(self, share: float) -> tuple[int | None, int | None]:
        """How long that share of the paid calls took at most, then and now."""
        return _quantile(self._took_then, share), _quantile(self._took_now, share)

    def _time(self, each: Replayed) -> None:
        took = each.call.took_ms
        if took is not None and each.call.usage is not None:
            self._took_then.append(took)
        if each.took_ms is not None and each.usage is not None:
            self._took_now.append(each.took_ms)


def _of(call: Recorded, name: str) -> str:
    match name:
        case "model":
            return call.sent_model or call.model
        case "provider":
            return call.provider
        case "key":
            return call.key
        case _:
            return call.label(name)


def _quantile(times: "array[int]", share: float) -> int | None:
    if not times:
        return None
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
