"""What the provider would have answered: as recorded wherever what is sent is what was sent, else simulated, and why."""

import msgspec

from farthing.domain.usage import Usage
from farthing.replay.caches import Owner, PrefixCaches, parts_of
from farthing.replay.draft import BYTES_PER_TOKEN, Sent
from farthing.replay.recorded import Recorded
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
        self._usual: dict[str, int] = {}

    def reply(self, call: Recorded, sent: Sent, now_ms: int) -> Reply:
        """The answer to what is sent now."""
        why: list[str] = []
        input_tokens = self._input(call, sent, why)
        output, finish = self._output(call, sent, why)
        then, now = self._found(call, sent, input_tokens, now_ms)
        usage = _usage(call, input_tokens, output)
        if then != now:
            usage = _recached(usage, call, now)
            why.append("what the provider's cache held")
        if call.billed:
            self._learn(call, usage.output_tokens)
        first, took = _times(call, usage.output_tokens)
        name = call.sent_model if sent.model == call.sent_model else sent.model
        answered = Answered(usage=usage, model=name, finish=finish, tier=call.tier)
        return Reply(answered, tuple(why), first, took)

    def note(self, call: Recorded) -> None:
        """This call was not made after all; what the past's cache held of it is followed all the same."""
        if self._then is not None and call.usage is not None and (parts := parts_of(call, call.usage.input_tokens)):
            self._then.use(_owner(call, call.sent_model), parts, automatic=_automatic(call), now_ms=call.arrived_ms)

    def _input(self, call: Recorded, sent: Sent, why: list[str]) -> int:
        if call.usage is None:
            why.append("a call that was not answered then")
            tokens = call.text_bytes // BYTES_PER_TOKEN
        else:
            tokens = call.usage.input_tokens
        if call.usage is not None and sent.model != call.sent_model:
            why.append(f"{sent.model} instead of {call.sent_model}")
        if sent.more_bytes:
            why.append("a note to the model")
            tokens += -(-sent.more_bytes // BYTES_PER_TOKEN)
        return tokens

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

    def _found(self, call: Recorded, sent: Sent, input_tokens: int, now_ms: int) -> tuple[Found, Found]:
        """What the caches give: in the world as it was, and in this one."""
        if self._then is None or self._now is None:
            return Found(), Found()
        parts = parts_of(call, input_tokens)
        if not parts:
            return Found(), Found()
        automatic = _automatic(call)
        then = Found()
        if call.sent_model:
            then = self._then.use(_owner(call, call.sent_model), parts, automatic=automatic, now_ms=call.arrived_ms)
        now = self._now.use(_owner(call, sent.model), parts, automatic=automatic, now_ms=now_ms)
        return then, now

    def _learn(self, call: Recorded, output: int) -> None:
        for name in (f"run {call.run}", f"model {call.model}"):
            self._usual[name] = output

    def _usual_of(self, call: Recorded) -> int:
        """What the last answer of its run said, else that of its model."""
        usual = self._usual.get(f"run {call.run}") if call.run else None
        return usual or self._usual.get(f"model {call.model}", USUAL_OUTPUT)


def _usage(call: Recorded, input_tokens: int, output: int) -> Usage:
    if call.usage is None:
        return Usage(input_tokens=input_tokens, output_tokens=output)
    before = call.usage
    if input_tokens == before.input_tokens and output == before.output_tokens:
        return before
    spoken = min(before.audio_output_tokens, output)
    return msgspec.structs.replace(
        before,
        input_tokens=input_tokens,
        output_tokens=output,
        audio_output_tokens=spoken,
        reasoning_output_tokens=min(before.reasoning_output_tokens, output - spoken),
    )


def _recached(usage: Usage, call: Recorded, now: Found) -> Usage:
    """The usage with what this world's cache gives. Automatic caches bill no writes."""
    read = min(now.read, usage.input_tokens)
    room = usage.input_tokens - read
    if _automatic(call):
        return msgspec.structs.replace(
            usage,
            cache_read_input_tokens=read,
            cache_write_input_tokens=min(usage.cache_write_input_tokens, room),
            cached_audio_input_tokens=min(usage.cached_audio_input_tokens, read),
        )
    hour = min(now.written_1h, room)
    return msgspec.structs.replace(
        usage,
        cache_read_input_tokens=read,
        cache_write_input_tokens=hour + min(now.written_5m, room - hour),
        cache_write_1h_input_tokens=hour,
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


def _owner(call: Recorded, model: str) -> Owner:
    return call.key, model


def _automatic(call: Recorded) -> bool:
    return call.dialect.startswith("openai")
