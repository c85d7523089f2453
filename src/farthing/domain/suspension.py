"""A suspension: a user, an agent, a workflow, a key that may not call for a while, or until someone says so."""

import msgspec

KEY = "key"
"""The subject that is no label: the name of the key a call comes with."""

DEPLOYMENT = "deployment"
"""A label whose suspension is a retirement: whoever still calls from there has lost its owner."""

Subject = tuple[str, str]
"""A label, or `KEY`, and its value."""


class Suspension(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that carry this label are refused."""

    label: str
    """`user`, `agent`, `workflow`, any other label, or `key`."""
    value: str
    """The value; a trailing `*` fits any ending."""
    until_ms: int | None = None
    """The first moment at which calls go again; None: until it is lifted."""
    by: str = ""
    why: str = ""
    at_ms: int = 0

    @property
    def subject(self) -> Subject:
        return (self.label, self.value)

    def in_force(self, now_ms: int) -> bool:
        return self.until_ms is None or now_ms < self.until_ms

    @property
    def message(self) -> str:
        because = f": {self.why}" if self.why else ""
        by = f" by {self.by}" if self.by else ""
        return f"{self.label} {self.value} is suspended{by}{because}"
