"""What agents do, seen from their calls: their loops, counters and spending, and the breakers that these trip."""

from collections.abc import Callable
from hashlib import blake2b

import msgspec

from farthing.call.arrival import Arrival
from farthing.call.visit import Visit
from farthing.domain.refusal import Refusal
from farthing.domain.suspension import KEY, Subject
from farthing.guard import loop_requests
from farthing.guard.breaker import THROUGH, Barred, Breakers, HalfOpen, Open, Through
from farthing.guard.breaker import Rules as BreakerRules
from farthing.guard.loop_history import Told, extend
from farthing.guard.loops import LoopRules, find
from farthing.guard.refusals import looping, tripped
from farthing.guard.session import SessionLimits, SessionName, Sessions, describe
from farthing.guard.velocity import Velocities, VelocityRules
from farthing.wire.history import ToolUse

MOST_TALKS = 16_384
TELL_AGAIN_MS = 60_000
"""The same trouble of the same agent is told at most this often."""


class AgentRules(msgspec.Struct, frozen=True, kw_only=True):
    """What is too much of an agent."""

    loops: LoopRules = LoopRules()
    limits: SessionLimits = SessionLimits()
    velocity: VelocityRules | None = None
    """None: how fast it spends is nobody's concern."""
    blocks: bool = False
    """False: what is found is told, and nothing is refused."""
    open_for_ms: int = 300_000
    idle_after_ms: int = 900_000

    @property
    def breaker(self) -> BreakerRules:
        return BreakerRules(open_for_ms=self.open_for_ms, most_ms=max(self.open_for_ms, BreakerRules().most_ms))


class Talk(msgspec.Struct, frozen=True):
    """What a session's requests have told so far."""

    requests: loop_requests.Requests = ()
    told: Told = Told()


Tell = Callable[[str, str, str, int], None]
"""Kind, subject, detail, when."""


class Agents:
    """The sessions of all agents. Bounded: the longest untouched are forgotten first. One thread."""

    def __init__(self, rules: AgentRules, tell: Tell) -> None:
        self.rules = rules
        self._tell = tell
        self.sessions = Sessions(rules.limits, gap_ms=rules.idle_after_ms)
        self.breakers = Breakers(rules.breaker)
        self.velocities = Velocities(rules.velocity)
        self._talks: dict[SessionName, Talk] = {}
        self._told_ms: dict[str, int] = {}

    def adopt(self, rules: AgentRules) -> None:
        """These rules hold from now on; what was counted stays."""
        self.rules = rules
        self.sessions.limits, self.sessions.gap_ms = rules.limits, rules.idle_after_ms
        self.breakers.rules = rules.breaker
        self.velocities.rules = rules.velocity or VelocityRules()

    def allows(self, session: SessionName | None, now_ms: int) -> Through | Barred:
        """Whether the agent's breaker lets a call through."""
        return THROUGH if session is None or not self.rules.blocks else self.breakers.ask(session, now_ms)

    def look(self, visit: Visit, arrival: Arrival) -> Refusal | None:
        """Count a call that would go, and say why it may not after all. A probe goes whatever is found: it is there to
        bring an answer that shows whether its agent does something else now."""
        now_ms, session = arrival.arrived_ms, visit.session
        why = self._trouble(visit, arrival)
        if not why:
            return None
        self._say("loop", _subject(session, arrival.caller.key), why, now_ms)
        if not self.rules.blocks or visit.probe:
            return None
        if session is None:
            return looping(why)
        state = self.breakers.trip(session, now_ms, why)
        return tripped(session, Barred(state.until_ms if isinstance(state, Open) else None, why))

    def charge(self, visit: Visit, nanos: int, now_ms: int) -> None:
        """What a call of a session cost."""
        session = visit.session
        if session is None:
            return
        self.sessions.charge(session, nanos)
        if self.rules.velocity is None or not session[0]:
            return
        surprise = self.velocities.charge("\0".join(session), nanos, now_ms=now_ms, workflow=visit.workflow)
        if surprise is not None:
            self._say("loop", describe(session), surprise.message, now_ms)
            if self.rules.blocks:
                self.breakers.trip(session, now_ms, f"it {surprise.message}")

    def tells(self, visit: Visit, uses: tuple[ToolUse, ...]) -> None:
        """What an answer called, where the next request will not say it again."""
        if visit.session is not None and uses:
            talk = self._talk(visit.session)
            self._keep(visit.session, msgspec.structs.replace(talk, told=extend(talk.told, uses, turns=1)))

    def over(self, visit: Visit, *, sent: bool, now_ms: int) -> None:
        """A call has ended, or was not sent after all."""
        session = visit.session
        if session is None:
            return
        if visit.digest and (talk := self._talks.get(session)) is not None:
            requests = loop_requests.ended(talk.requests, visit.digest, answered=visit.answered)
            self._keep(session, msgspec.structs.replace(talk, requests=requests))
        if visit.probe and sent:
            self.breakers.succeed(session, now_ms)
        elif visit.probe:
            self.breakers.give_back(session)

    def resume(self, subject: Subject) -> None:
        """Somebody says that it may go on: its breakers close and its counters begin at zero."""
        names = {*self.sessions, *self._talks, *(name for name, _ in self.breakers.not_closed())}
        for name in names:
            run, agent, key = name
            if {"run": run, "agent": agent, KEY: key}.get(subject[0]) == subject[1]:
                self.sessions.reset((run, agent, key))
                self.breakers.reset(name)
                self._talks.pop((run, agent, key), None)

    def stopped(self) -> tuple[tuple[SessionName, Open | HalfOpen], ...]:
        """Whose breakers are not closed."""
        return tuple(((run, agent, key), state) for (run, agent, key), state in self.breakers.not_closed())

    def _trouble(self, visit: Visit, arrival: Arrival) -> str:
        """What is wrong with the agent, in words; "" where nothing is. Counts the call on its session."""
        draft, session, now_ms = arrival.draft, visit.session, arrival.arrived_ms
        uses, turns, words = draft.history(), draft.turns(), draft.words()
        answered = _just_answered(uses, turns)
        if session is None:
            finding = find(_named(uses), self.rules.loops, turns=turns, words=words)
            return str(finding).rstrip(".") if finding is not None else ""
        if self.rules.velocity is not None and session not in self._talks:
            self.velocities.end_silent(now_ms, self.rules.idle_after_ms)
        talk = self._talk(session)
        visit.digest = _digest(arrival)
        if visit.digest:
            talk = msgspec.structs.replace(talk, requests=loop_requests.sent(talk.requests, visit.digest))
        if draft.asked.previous:
            told = extend(talk.told, uses, turns=turns, words=words)
            talk = msgspec.structs.replace(talk, told=told)
            uses, turns, words = told.uses, told.turns, told.words
        self._keep(session, talk)
        passed = self.sessions.step(session, now_ms=now_ms, digest=visit.digest.hex(), tool_calls=answered)
        uses = _named(uses)
        finding = find(uses, self.rules.loops, turns=turns, words=words) or loop_requests.find_repeated(
            talk.requests, self.rules.loops, uses=len(uses)
        )
        if finding is not None:
            return str(finding).rstrip(".")
        return f"it {passed.message}" if passed is not None else ""

    def _talk(self, session: SessionName) -> Talk:
        return self._talks.get(session, Talk())

    def _keep(self, session: SessionName, talk: Talk) -> None:
        self._talks.pop(session, None)
        if len(self._talks) >= MOST_TALKS:
            del self._talks[next(iter(self._talks))]
        self._talks[session] = talk

    def _say(self, kind: str, subject: str, detail: str, now_ms: int) -> None:
        if now_ms - self._told_ms.get(subject, -TELL_AGAIN_MS) < TELL_AGAIN_MS:
            return
        if len(self._told_ms) >= MOST_TALKS:
            self._told_ms.clear()
        self._told_ms[subject] = now_ms
        self._tell(kind, subject, detail, now_ms)


def _subject(session: SessionName | None, key: str) -> str:
    if session is not None:
        return describe(session)
    return f"a conversation of key {key}" if key else "a conversation"


def _named(uses: tuple[ToolUse, ...]) -> tuple[ToolUse, ...]:
    """Without results whose calls nobody knows."""
    return uses if all(use.name for use in uses) else tuple(use for use in uses if use.name)


def _just_answered(uses: tuple[ToolUse, ...], turns: int) -> int:
    """How many tool calls this request brings the results of: those of its last turn, or of the answer before it."""
    return sum(use.result is not None and (not use.name or use.turn == turns) for use in uses)


def _digest(arrival: Arrival) -> bytes:
    """Of the model and all messages: equal for the very same request. b"" where the shape of the messages is unknown."""
    if not arrival.skeleton:
        return b""
    asked = arrival.draft.asked
    whole = b"\0".join((asked.model.encode(), asked.previous.encode(), arrival.skeleton))
    return blake2b(whole, digest_size=8).digest()
