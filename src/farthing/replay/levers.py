"""What a policy makes of requests before they meet the engine: levers that the gateway does not have yet, as if it had them.

A lever is pulled only where the policy differs in it from the recorded configuration: what both have is in the record.
"""

import msgspec

from farthing.config.settings import Prefix, Settings
from farthing.replay.asked import Asked
from farthing.replay.breakpoints import marked
from farthing.replay.prompts import Prompts
from farthing.replay.recorded import Recorded
from farthing.replay.window import windowed


class Levers(msgspec.Struct, frozen=True):
    """Those that are pulled."""

    exact_ms: int | None = None
    """How long an answer is kept for an equal request."""
    prefix: Prefix | None = None
    keep_turns: int | None = None

    @property
    def rewrite(self) -> bool:
        """Whether any of them changes what is sent."""
        return self.prefix is not None or self.keep_turns is not None

    def asked(self, call: Recorded, prompts: Prompts) -> Asked:
        """The call as it would be sent: the same object where nothing changes."""
        if not self.rewrite or not call.skeleton:
            return Asked(call)
        asked = Asked(call, prompts.parts(call))
        if self.keep_turns is not None:
            asked = windowed(asked, self.keep_turns)
        return asked if self.prefix is None else marked(asked, self.prefix.plan, self.prefix.ttl)


def levers_of(policy: Settings, base: Settings) -> Levers:
    """`base` is the configuration under which the calls were recorded."""
    exact = policy.cache.exact if policy.cache is not None else None
    known = base.cache.exact if base.cache is not None else None
    context = policy.context
    window = context is not None and context.plan == "window" and context != base.context
    return Levers(
        exact_ms=None if exact is None or exact == known else int(exact.ttl_seconds * 1_000),
        prefix=None if policy.prefix == base.prefix else policy.prefix,
        keep_turns=context.keep_turns if window and context is not None else None,
    )
