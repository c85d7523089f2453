"""Who a request in OpenAI's format says it is for: `user`, `safety_identifier` and `metadata`."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from farthing.wire.fields import mapping, text

MOST_TAGS = 16
LONGEST_NAME = 64
LONGEST_VALUE = 512
"""OpenAI's own limits on metadata; what is beyond them is left out of the labels and stays in the body."""


def attribution(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """`user`, and each metadata pair as `tag.<name>`. Raises BadRequest where one of the fields has another type."""
    identifier = text(body, "safety_identifier")
    user = text(body, "user") or identifier
    tags = tuple(islice(_tags(mapping(body, "metadata") or {}), MOST_TAGS))
    return ((("user", user[:LONGEST_VALUE]),) if user else ()) + tags


def _tags(metadata: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in metadata.items():
        if type(value) is str and 0 < len(name) <= LONGEST_NAME and len(value) <= LONGEST_VALUE:
            yield f"tag.{name}", value
