"""Whether an equal request would be answered alike, so that its answer may be kept for the next one."""

from collections.abc import Mapping, Sequence
from typing import Any


def is_deterministic(body: Mapping[str, Any], pointers: Sequence[str]) -> bool:
    """At temperature 0, with everything in the body: what `pointers` lead to may be another thing tomorrow.

    The name of the field is the same in Chat Completions, Responses and Messages.
    """
    temperature = body.get("temperature")
    return temperature == 0 and type(temperature) in (int, float) and not pointers
