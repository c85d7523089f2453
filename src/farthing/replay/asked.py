"""One call as a policy's levers left it, and its prompt in parts."""

from typing import NamedTuple

import msgspec

from farthing.domain.record import Skeleton
from farthing.replay.caches import Part
from farthing.replay.recorded import Recorded, uncached, with_input


class Asked(NamedTuple):
    """What is asked now."""

    call: Recorded
    parts: tuple[Part, ...] = ()
    """Of its prompt; empty where nothing was changed, or nobody knows them."""

    def rewritten(self, shape: Skeleton, parts: tuple[Part, ...]) -> "Asked":
        """The same with another shape. What a provider had cached of the old one says nothing of this."""
        usage = self.call.usage
        if usage is not None:
            usage = with_input(uncached(usage), sum(part.tokens for part in parts))
        return Asked(msgspec.structs.replace(self.call, skeleton=msgspec.json.encode(shape), usage=usage), parts)
