"""The simulation itself, without HTTP: what the provider remembers, and how it answers a request it understood."""

from collections import deque
from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

from farthing.domain.price import Rates
from farthing.domain.usage import Usage
from farthing.testing.answer import Answer, Ask, Form
from farthing.testing.bill import Bill, PriceOf
from farthing.testing.caches import EXTENDED_TTL_MS, AutomaticCache, BreakpointCache, Found
from farthing.testing.clock import Clock, system_clock
from farthing.testing.conversation import Reply
from farthing.testing.delivery import Pace
from farthing.testing.faults import Fault, FaultPlan
from farthing.testing.generation import Output, write
from farthing.testing.messages import Messages
from farthing.testing.responses import Responses
from farthing.testing.script import Answerer, Directive, Script

_REMEMBERED_REQUESTS = 256
_REMEMBERED_RESPONSES = 4_096


class Request(msgspec.Struct, frozen=True):
    """A request as it arrived, kept so that a test can look at what was really sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is fixed for the life of a provider."""

    models: tuple[str, ...] = ()
    """The only models there are; empty accepts every name."""
    keys: tuple[str, ...] = ()
    """The only keys accepted; empty accepts any, but one must be given."""
    answer_tokens: int = 100
    """Length of an answer that no script decides."""
    seed: int = 0
    pace: Pace = Pace()
    largest_body: int = 32 * 1024 * 1024
    background_ms: int = 1_000
    """How long a background response takes, by the provider's clock."""
    cancelled_usage: bool = False
    """A background response that is cancelled says what it used until then; else it says nothing, and is billed whole."""


class Simulation:
    """All state of one provider. Used from one event loop; the bill, script and fault plan also from other threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        prices: Mapping[str, Rates] | PriceOf | None = None,
        script: Iterable[Reply | str] | Answerer | None = None,
        faults: Iterable[Fault | str | None] = (),
        clock: Clock = system_clock,
    ) -> None:
        self.settings = settings
        self.bill = Bill(prices)
        self.script = Script(script)
        self.faults = FaultPlan(faults)
        self.count_faults = FaultPlan()
        """Faults of the token-counting endpoint, which takes none from `faults`."""
        self.requests: deque[Request] = deque(maxlen=_REMEMBERED_REQUESTS)
        self.responses = Responses()
        self.messages = Messages()
        self.clock = clock
        self._automatic = AutomaticCache(clock)
        self._breakpoints = BreakpointCache(clock)
        self._made = 0

    def reset(self) -> None:
        """Forget everything but the settings."""
        self.bill.clear()
        self.script.clear()
        self.faults.clear()
        self.count_faults.clear()
        self.requests.clear()
        self.responses.kept.clear()
        self.messages.threads.clear()
        self._automatic.clear()
        self._breakpoints.clear()

    def new_id(self, prefix: str) -> str:
        """An id of the maker's shape; the same run of requests gets the same ids."""
        self._made += 1
        return f"{prefix}{blake2b(f'{self.settings.seed}/{self._made}'.encode(), digest_size=14).hexdigest()}"

    def answer(self, form: Form, ask: Ask, *, owner: str, fault: Fault | None, directive: Directive) -> Answer:
        """Let the model answer, and count what it read and wrote. `owner` is the key whose cache it may read."""
        found = self._found(form, ask, owner)
        outputs = () if form.name == "openai-embeddings" else self._outputs(form, ask, fault, directive)
        written = found.written if form.maker == "anthropic" or ask.model.writes_cache else 0
        usage = Usage(
            input_tokens=ask.input_tokens,
            output_tokens=sum(output.tokens for output in outputs) + ask.rejected_prediction,
            cache_read_input_tokens=found.read,
            cache_write_input_tokens=written,
            cache_write_1h_input_tokens=found.written_1h,
            reasoning_output_tokens=sum(output.reasoning_tokens for output in outputs),
        )
        answer = Answer(
            ask=ask,
            id=self.new_id(form.id_prefix),
            created=self.clock() // 1_000,
            outputs=outputs,
            usage=usage,
            tokens_per_event=self.settings.pace.tokens_per_event,
        )
        if form is self.responses and ask.body.get("store") is not False:
            self._keep(answer)
        elif form is self.messages:
            self.messages.keep(answer)
        return answer

    def _found(self, form: Form, ask: Ask, owner: str) -> Found:
        place = f"{owner}/{ask.prompt.model}"
        if form.maker == "anthropic":
            return self._breakpoints.use(place, ask.blocks, minimum=ask.model.cache_minimum)
        if form.name == "openai-embeddings":
            return Found()
        if ask.body.get("prompt_cache_retention") == "24h":
            return self._automatic.use(place, ask.tokens, minimum=ask.model.cache_minimum, span_ms=EXTENDED_TTL_MS)
        return self._automatic.use(place, ask.tokens, minimum=ask.model.cache_minimum)

    def _outputs(self, form: Form, ask: Ask, fault: Fault | None, directive: Directive) -> tuple[Output, ...]:
        reply = self.script.next(ask.prompt, directive)
        room = ask.model.max_output if ask.cap is None else ask.cap
        room = max(1, min(room, ask.model.context - ask.input_tokens))
        if fault is not None and fault.kind == "overrun":
            room *= fault.times
            reply = Reply(tokens=room, reasoning=0)
        seed = blake2b(msgspec.json.encode(ask.prompt), digest_size=8).hexdigest()
        return tuple(
            write(
                reply,
                room=room,
                seed=f"{self.settings.seed}/{seed}/{choice}",
                usual_tokens=self.settings.answer_tokens,
                usual_reasoning=ask.reasoning,
                call_prefix=form.call_prefix,
            )
            for choice in range(ask.choices)
        )

    def _keep(self, answer: Answer) -> None:
        if len(self.responses.kept) >= _REMEMBERED_RESPONSES:
            self.responses.kept.pop(next(iter(self.responses.kept)))
        wait = self.settings.background_ms if answer.ask.background else 0
        self.responses.keep(answer, self.clock() + wait)
