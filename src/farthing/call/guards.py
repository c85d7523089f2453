"""The guards together: suspensions, the lives of runs, breakers of agents, rates. They hold no clock and do no I/O."""

from collections.abc import Callable

import msgspec

from farthing.call.agents import AgentRules, Agents
from farthing.call.arrival import Arrival, Caller
from farthing.call.plan import Plan
from farthing.call.visit import Visit
from farthing.domain.record import Labels
from farthing.domain.refusal import Refusal
from farthing.domain.suspension import DEPLOYMENT, Suspension
from farthing.guard.breaker import Barred
from farthing.guard.lifecycle import Runs, Stopped
from farthing.guard.limit import Limit
from farthing.guard.rates import Rates, Ticket
from farthing.guard.refusals import limited, retired, stopped, suspended, tripped
from farthing.guard.run import LifeRules
from farthing.guard.session import SessionName, session_name
from farthing.guard.suspension import Suspensions
from farthing.ports.alerts import Event
from farthing.ports.guards import Known
from farthing.wire.openai.responses_history import calls_in

RUN_LABELS = ("run", *(f"run.{depth}" for depth in range(1, 100)))
"""A run, and budgets within budgets, each a part of the one before: its limits go with it, so what is left behind must stop."""


class GuardRules(msgspec.Struct, frozen=True, kw_only=True):
    """All that the configuration says of guards."""

    limits: tuple[Limit, ...] = ()
    agents: AgentRules | None = None
    """None: nobody looks at what agents do."""
    life: LifeRules = LifeRules()


class Guards:
    """Asked about every call: `meet` before it is planned, `admit` once it is known what it may use, then `ended` for what
    it did use and, in any case, `leave`. One thread; time comes in, in order of arrival."""

    def __init__(self, rules: GuardRules, tell: Callable[[Event], None]) -> None:
        """`tell` is given what somebody may want to be alerted of. It must not wait."""
        self.rules = rules
        self.rates = Rates(rules.limits)
        self.runs = Runs(rules.life)
        self.suspensions = Suspensions()
        self.agents = Agents(rules.agents or AgentRules(), self._say)
        self._tell = tell
        self.version = 0
        """Of what is stored, as far as it was learnt."""
        self._spoken_for = False
        """Something is stored of some run."""

    def adopt(self, rules: GuardRules) -> None:
        """These rules hold from now on. What was counted stays."""
        self.rules = rules
        self.rates.replace(rules.limits)
        self.runs.rules = rules.life
        self.agents.adopt(rules.agents or AgentRules())

    def learn(self, known: Known, now_ms: int, *, tell: bool) -> None:
        """Take over what is stored. `tell` of suspensions that were not known before."""
        before = {each.subject for each in self.suspensions.all(now_ms)}
        self.suspensions = Suspensions(each for each in known.suspensions if each.in_force(now_ms))
        for each in self.suspensions.all(now_ms):
            if tell and each.subject not in before:
                self._say("suspended", " ".join(each.subject), each.message, now_ms)
        for subject in known.resumed:
            self.agents.resume(subject)
            if subject[0] == "run":
                self.runs.reopen(subject[1], now_ms=now_ms)
        for run in known.runs:
            self.runs.learn(run)
        self._spoken_for = self._spoken_for or bool(known.runs)
        self.version = known.version

    @property
    def needed(self) -> bool:
        """Whether there is anything that could be said of a call."""
        return bool(self.rules.limits or self.rules.agents or len(self.suspensions) or self._spoken_for)

    def meet(self, arrival: Arrival) -> Visit | Refusal:
        """Whether a call may be looked at any further; `leave` must follow."""
        caller, now_ms = arrival.caller, arrival.arrived_ms
        suspension = self.suspensions.find(caller.labels, now_ms=now_ms, key=caller.key)
        if suspension is not None:
            return self._suspended(suspension, now_ms)
        trusted, told = trusted_labels(caller), dict(caller.labels)
        over = self.over(told, caller.key, now_ms)
        if over is not None:
            return self._stopped(*over, now_ms)
        session = None if self.rules.agents is None else session_of(trusted, caller)
        passing = self.agents.allows(session, now_ms)
        if isinstance(passing, Barred):
            assert session is not None
            return tripped(session, passing)
        return Visit(
            trusted=trusted,
            run=dict(trusted).get("run", ""),
            workflow=told.get("workflow", ""),
            session=session,
            probe=passing.probe,
        )

    def over(self, told: dict[str, str], key: str, now_ms: int) -> tuple[str, Stopped] | None:
        """Which of the runs that a call names, its own and the parts of it (`run.1`, …), keeps it from going. Whether one
        has landed is for `shape` to say, which knows of last calls that came to nothing."""
        for label in RUN_LABELS:
            run = told.get(label)
            if not run:
                return None
            if self._is_its_own(run, key):
                verdict = self.runs.verdict(run, now_ms=now_ms, agent=None)
                if isinstance(verdict, Stopped):
                    return run, verdict
        return None

    def fits(self, visit: Visit, plan: Plan) -> bool:
        """Whether the rates have room for the plan as it is. Counts nothing."""
        caller = plan.arrival.caller
        return self.rates.fits(
            visit.trusted,
            now_ms=plan.arrival.arrived_ms,
            tokens=most_tokens(plan),
            key=caller.key,
            max_values=caller.max_values,
        )

    def admit(self, visit: Visit, plan: Plan) -> Refusal | None:
        """Count the call where it goes; else say why not, and nothing is counted."""
        arrival = plan.arrival
        caller, now_ms = arrival.caller, arrival.arrived_ms
        if self.rules.limits:
            found = self.rates.admit(
                visit.trusted,
                now_ms=now_ms,
                tokens=most_tokens(plan),
                key=caller.key,
                max_values=caller.max_values,
            )
            if not isinstance(found, Ticket):
                return limited(found)
            visit.ticket = found
        if self.rules.agents is not None and (no := self.agents.look(visit, arrival)) is not None:
            return no
        if visit.run and self._is_its_own(visit.run, caller.key):
            verdict = self.runs.begin(visit.run, now_ms=now_ms, by=caller.key)
            if isinstance(verdict, Stopped):
                return self._stopped(visit.run, verdict, now_ms)
            visit.begun = True
        return None

    def ended(self, visit: Visit, *, nanos: int | None, tokens: int | None, now_ms: int, calls: bytes = b"") -> None:
        """An attempt of the call has its outcome. None: nobody knows, and what it was admitted for stays counted.

        `calls` are those of tools in an answer that the next request may only point to (`Answered.calls`).
        """
        visit.answered = tokens is not None
        if calls and self.rules.agents is not None:
            self.agents.tells(visit, calls_in(calls))
        self.rates.finish(visit.ticket, now_ms=now_ms, tokens=tokens)
        if nanos and self.rules.agents is not None:
            self.agents.charge(visit, nanos, now_ms)

    def leave(self, visit: Visit, *, sent: bool, now_ms: int) -> None:
        """The call is over. `sent`: something may have reached a provider. Safe to repeat."""
        if visit.over:
            return
        visit.over = True
        if sent:
            self.rates.finish(visit.ticket, now_ms=now_ms, tokens=0)  # after `ended` it changes nothing
        else:
            self.rates.withdraw(visit.ticket)
        self.agents.over(visit, sent=sent, now_ms=now_ms)
        if visit.begun:
            self.runs.finish(visit.run, now_ms=now_ms)

    def _is_its_own(self, run: str, key: str) -> bool:
        """Whether the run's life says anything of this key's calls: a key that takes a name cannot stop another's calls."""
        known = self.runs.get(run)
        return known is None or known.owner in ("", key)

    def _suspended(self, suspension: Suspension, now_ms: int) -> Refusal:
        """A retired deployment that still calls is an orphan, and somebody is told; everybody else just waits."""
        if suspension.label != DEPLOYMENT:
            return suspended(suspension)
        refusal = retired(suspension)
        self._say("orphan", " ".join(suspension.subject), refusal.message, now_ms)
        return refusal

    def _stopped(self, run: str, verdict: Stopped, now_ms: int) -> Refusal:
        if verdict.code == "run_orphaned":
            self._say("orphan", f"run {run}", verdict.message, now_ms)
        return stopped(verdict)

    def _say(self, kind: str, subject: str, detail: str, now_ms: int) -> None:
        self._tell(Event(kind=kind, subject=subject, detail=detail, at_ms=now_ms))


def trusted_labels(caller: Caller) -> Labels:
    """The labels that may choose limits."""
    trusted = caller.trusted
    return caller.labels if trusted is None else tuple([pair for pair in caller.labels if pair[0] in trusted])


def session_of(trusted: Labels, caller: Caller) -> SessionName | None:
    """Whose counters a call is counted on. A run belongs to the key that names it: nobody can trip another key's breaker.

    Where the caller may choose neither run nor agent, what it says of them still tells its own calls apart.
    """
    found = session_name(trusted, caller.key) or session_name(caller.labels, caller.key)
    return found if found is None else (found[0], found[1], caller.key)


def most_tokens(plan: Plan) -> int:
    """The most tokens that the call can use."""
    return plan.bound.tokens + plan.wanted.cap * plan.arrival.draft.asked.choices + plan.most_output
