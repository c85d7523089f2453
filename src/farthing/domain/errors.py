"""The tree of exceptions. An expected outcome (a refusal, a miss) is a value; an exception means someone must be told.

FarthingError
├── Theirs                 the caller's or the operator's to mend
│   ├── BadRequest         a body or header that cannot be accepted; names the field
│   └── BadConfig          a setting that cannot be accepted; names file and line
├── LedgerUnavailable      money cannot be counted now: nothing is sent
│   └── PastUnsummed       a report would take long now; calls go on
├── StoreBroken            the file is damaged or from a newer version: an operator must act
└── UpstreamFailed         a provider could not be reached, or what came back is no answer
    ├── NotSent            proof that no byte was sent: the hold may be voided
    │   └── Unreachable    and it is the provider's doing: it did not let us connect
    └── Ambiguous          anything else: the hold stays
"""


class FarthingError(Exception):
    """Root of the tree. The message says what happened and what to do next."""


class Theirs(FarthingError):
    """Not our fault, and mendable by whoever sent or wrote it."""


class BadRequest(Theirs):
    """A request that cannot be accepted. `field` is the JSON path or header, `status` the HTTP status to answer with."""

    def __init__(self, message: str, field: str = "", status: int = 400, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.status = status
        self.code = code


class BadConfig(Theirs):
    """A configuration that cannot be accepted; `str()` starts with `file:line:` where both are known."""

    def __init__(self, message: str, file: str = "", line: int = 0, field: str = "") -> None:
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{place}{message}")
        self.message = message
        self.file = file
        self.line = line
        self.field = field


class LedgerUnavailable(FarthingError):
    """The ledger cannot promise durability now. Nothing was sent; the caller gets a 503."""


class PastUnsummed(LedgerUnavailable):
    """The past is not summed up so far back yet; the message says how far. Nothing but reports waits for that."""


class StoreBroken(FarthingError):
    """The store is damaged, locked by another program or from a newer Farthing; the message says what to do."""


class UpstreamFailed(FarthingError):
    """A provider gave no usable answer."""


class NotSent(UpstreamFailed):
    """Raised only before the first byte of a request was written: nothing can have been billed."""


class Unreachable(NotSent):
    """The provider could not be connected to, which tells of its health."""


class Ambiguous(UpstreamFailed):
    """The request, or part of it, may have reached the provider: what it cost is unknown."""
