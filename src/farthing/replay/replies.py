"""What the provider would have answered: as recorded wherever what is sent is what was sent, else simulated, and why."""

import msgspec

from farthing.domain.usage import Usage
from farthing.replay.asked import Asked
from farthing.replay.caches import Part, PrefixCaches, parts_of
from farthing.replay.draft import BYTES_PER_TOKEN, Sent
from farthing.replay.prefixing import on_demand
from farthing.replay.prompts import Prompts
from farthing.replay.recaching import CACHE, Seen, astray, owner_of, recached
from farthing.replay.recorded import Recorded, with_input
from farthing.testing.caches import Found
from farthing.wire.dialect import Answered

CUT = frozenset({"length", "max_tokens", "max_output_tokens", "incomplete", "MAX_TOKENS"})
"""How dialects say that an answer ended at its cap."""
USUAL_OUTPUT = 100
"""Output tokens of a call that nothing is known of: no call of its run, nor of its model, was answered before."""


class Reply(msgspec.Struct, frozen=True):
    """One answer, and how much of it is recorded."""

    answered: Answered
    why: tuple[str, ...] = ()
    """What is simulated in it, and why; empty: all of it is recorded."""
    first_ms: int = 0
    """From the request to the first byte."""
    took_ms: int = 0
    """From the request to its end."""
    astray: int | None = None
    """As in `farthing.replay.recaching.astray`."""

    @property
    def usage(self) -> Usage:
        assert self.answered.usage is not None
        return self.answered.usage


class Replies:
    """Remembers what the simulated provider has in its caches, and how calls of each run and model were answered."""

    def __init__(self, *, caches: bool) -> None:
        """`caches`: the policy may change what is cached, so both worlds' caches are followed."""
        self._then = PrefixCaches() if caches else None
        self._now = PrefixCaches() if caches else None
        self.prompts = Prompts()
        self._usual: dict[str, int] = {}

    def reply(self, call: Recorded, sent: Sent, now_ms: int, asked: Asked | None = None) -> Reply:
        """The answer to what is sent now: `asked` is the call as the policy's levers left it."""
        asked = asked or Asked(call)
        why: list[str] = []
        input_tokens = self._input(call, asked.call, sent, why)
        output, finish = self._output(call, sent, why)
        seen = self._seen(call, asked, sent, input_tokens, now_ms)
        usage = _usage(call, input_tokens, output)
        if seen is not None and (seen.now != seen.then or asked.call is not call):
            held = recached(usage, call, seen)
            if held != usage:
                usage = held
                why.append(CACHE)
        if call.billed:
            self._learn(call, usage.output_tokens)
        first, took = _times(call, usage.output_tokens)
        name = call.sent_model if sent.model == call.sent_model else sent.model
        answered = Answered(usage=usage, model=name, finish=finish, tier=call.tier)
        return Reply(answered, tuple(why), first, took, astray(call, seen))

    def note(self, call: Recorded) -> None:
        """This call was not made after all; what the past's cache held of it is followed all the same."""
        if self._then is not None and (parts := self.prompts.parts(call)):
            self._then.use(
                owner_of(call, call.sent_model), parts, automatic=not on_demand(call), now_ms=call.arrived_ms
            )

    def _input(self, call: Recorded, asked: Recorded, sent: Sent, why: list[str]) -> int:
        if asked.usage is None:
            why.append("a call that was not answered then")
            tokens = asked.text_bytes // BYTES_PER_TOKEN
        else:
            tokens = asked.usage.input_tokens
        if asked.text_bytes < call.text_bytes:
            why.append("older messages left out")
        if call.usage is not None and sent.model != call.sent_model:
            why.append(f"{sent.model} instead of {call.sent_model}")
        if sent.more_bytes:
            why.append("a note to the model")
        return tokens + note_tokens(sent)

    def _output(self, call: Recorded, sent: Sent, why: list[str]) -> tuple[int, str]:
        """Output tokens of all choices, and how the answer ends."""
        said = self._usual_of(call) if call.usage is None else call.usage.output_tokens
        most = None if sent.cap is None else sent.cap * call.choices
        if sent.last:
            why.append("the last answer of its run")
            return (said if most is None else min(said, most)), "stop"
        if most is not None and said > most:
            why.append("an answer cut at its cap")
            return most, "length" if call.dialect.startswith("openai") else "max_tokens"
        if call.finish in CUT and call.cap and (sent.cap or 0) > call.cap:
            why.append("an answer that was cut then, and would be longer")
        return said, call.finish

    def _seen(self, call: Recorded, asked: Asked, sent: Sent, input_tokens: int, now_ms: int) -> Seen | None:
        """What the caches give: in the world as it was, and in this one. None where nobody follows them."""
        if self._then is None or self._now is None:
            return None
        note = note_tokens(sent)
        before = self.prompts.parts(call)
        parts = asked.parts or before or parts_of(asked.call, input_tokens - note)
        if not parts:
            return None
        if note:
            parts = (*parts, Part(f"note/{call.id}", note))
        automatic, then = not on_demand(call), Found()
        if call.sent_model and before:
            then = self._then.use(owner_of(call, call.sent_model), before, automatic=automatic, now_ms=call.arrived_ms)
        now = self._now.use(owner_of(call, sent.model), parts, automatic=automatic, now_ms=now_ms)
        return Seen(then, now, told=automatic or any(part.ttl for part in parts))

    def _learn(self, call: Recorded, output: int) -> None:
        for name in (f"run {call.run}", f"model {call.model}"):
            self._usual[name] = output

    def _usual_of(self, call: Recorded) -> int:
        """What the last answer of its run said, else that of its model."""
        usual = self._usual.get(f"run {call.run}") if call.run else None
        return usual or self._usual.get(f"model {call.model}", USUAL_OUTPUT)


def note_tokens(sent: Sent) -> int:
    """Of what the policy tells the model beside the caller's words."""
    return -(-sent.more_bytes // BYTES_PER_TOKEN)


def _usage(call: Recorded, input_tokens: int, output: int) -> Usage:
    if call.usage is None:
        return Usage(input_tokens=input_tokens, output_tokens=output)
    before = with_input(call.usage, input_tokens)
    if output == before.output_tokens:
        return before
    spoken = min(before.audio_output_tokens, output)
    return msgspec.structs.replace(
        before,
        output_tokens=output,
        audio_output_tokens=spoken,
        reasoning_output_tokens=min(before.reasoning_output_tokens, output - spoken),
    )


def _times(call: Recorded, output: int) -> tuple[int, int]:
    """To the first byte and to the end, from the request on. The time after the first byte goes with the tokens; where an
    answer came whole, all of its time does."""
    took = call.took_ms
    if took is None:
        return 0, 0
    took = max(0, took - call.waited_ms)
    first = 0 if call.first_byte_ms is None or not call.streamed else max(0, call.first_byte_ms - call.waited_ms)
    said = call.usage.output_tokens if call.usage is not None else 0
    if said and output != said:
        took = first + (took - first) * output // said
    return min(first or took, took), took
