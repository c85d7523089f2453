"""The table of faults: for each kind, how it is brought about and the ledger it must leave. `docs/reference/faults.md` is its print."""

from support.fault_words import STORM, Case, Elsewhere, Layer, Ledger, Money, Next, Policy, Then

AFTER_NOTHING = Next(Then.ANSWERED, Then.DOWNGRADED, Then.LANDING)
AFTER_SETTLED = Next(Then.ANSWERED, Then.DOWNGRADED, Then.LANDED)
AFTER_UNKNOWN = Next(Then.EXCEEDED, Then.DOWNGRADED, Then.LANDED)
"""The budget of `block` has room for one hold and a half: what is unknown counts as spent."""
AFTER_KILLED = Next(Then.EXCEEDED, Then.DOWNGRADED, Then.LANDED)
"""A run has one last answer, and the one that was under way when the gateway died may have been it."""
AFTER_CUT = Next(Then.EXCEEDED, Then.EXCEEDED, Then.LANDED)
AFTER_RISE = Next(Then.EXCEEDED, Then.DOWNGRADED, Then.LANDED)
OVERRAN = Next(Then.OVERRAN, Then.OVERRAN, Then.LANDED)
REVOKED = Next(Then.REVOKED, Then.REVOKED, Then.REVOKED)
REPEATED = Next(Then.REPEATED, Then.REPEATED, Then.REPEATED)

SETTLED = Ledger(200, ("settled",), AFTER_SETTLED, posted=Money.BILL)
UNKNOWN = Ledger(200, ("unknown",), AFTER_UNKNOWN, unknown=Money.HOLD)
BROKEN = UNKNOWN._replace(client=502)
FAILED = UNKNOWN._replace(client=500)
CUT = UNKNOWN._replace(ended=False, flags=("truncated",))
"""The client's stream ends with an error event."""
NOT_HELD = Ledger(503, (), AFTER_NOTHING)
NOT_THERE = Ledger(0, (), AFTER_NOTHING, ended=None)
KILLED = UNKNOWN._replace(client=0, then=AFTER_KILLED, ended=None, told=False)
DRAINED = SETTLED._replace(client=0, ended=None, flags=("drained",))
"""The client left; the answer was read on for its usage."""


def void(status: int) -> Ledger:
    return Ledger(status, ("void",), AFTER_NOTHING, told=False)


def always(fault, variant, title, layer, inject, ledger):
    """The same for whole and streamed answers."""
    return Case(fault, variant, title, layer, inject, ledger, ledger)


CASES = (
    # The gateway dies
    always(
        "F1",
        "",
        "the gateway is killed before the money is set aside",
        Layer.KILL,
        "before the reserve",
        NOT_THERE,
    ),
    always(
        "F2",
        "",
        "the gateway is killed after the money is set aside, before anything is sent",
        Layer.KILL,
        "before the dispatch",
        KILLED._replace(sent=0),
    ),
    always("F3", "", "the gateway is killed while the answer is coming", Layer.KILL, "in mid-answer", KILLED),
    always(
        "F4",
        "",
        "the gateway is killed after the answer is there, before what it cost is on the disk",
        Layer.KILL,
        "before the settle",
        UNKNOWN._replace(then=AFTER_KILLED, told=False),
    ),
    always(
        "F5",
        "",
        "the gateway is killed after what it cost is on the disk, before the client has its answer, and the client asks again with its key",
        Layer.KILL,
        "after the settle",
        SETTLED._replace(client=0, ended=None, then=REPEATED),
    ),
    # The disk fails
    always("F6", "held", "the power fails once the money is set aside", Layer.CUT, "held", KILLED),
    always("F6", "settled", "the power fails once what it cost is on the disk", Layer.CUT, "settled", SETTLED),
    always("F7", "reserve", "the disk is full when money is to be set aside", Layer.DISK, "full reserve", NOT_HELD),
    always(
        "F7", "settle", "the disk is full when the answer comes, and has room later", Layer.DISK, "full settle", SETTLED
    ),
    always(
        "F8", "reserve", "the disk fails to write when money is to be set aside", Layer.DISK, "eio reserve", NOT_HELD
    ),
    always(
        "F8",
        "settle",
        "the disk fails to write when the answer comes, and works later",
        Layer.DISK,
        "eio settle",
        SETTLED,
    ),
    always(
        "F9",
        "reserve",
        "the disk says that it could not sync what sets the money aside, though it did",
        Layer.DISK,
        "fsync reserve",
        NOT_HELD,
    ),
    always(
        "F9",
        "settle",
        "the disk says that it could not sync what the answer cost, though it did",
        Layer.DISK,
        "fsync settle",
        SETTLED,
    ),
    always("F10", "read-only", "the file is read-only for a while", Layer.DISK, "read-only reserve", NOT_HELD),
    always(
        "F10", "locked", "another program keeps the file locked for a while", Layer.DISK, "locked reserve", NOT_HELD
    ),
    always(
        "F11",
        "tail",
        "the end of the log is garbage when the gateway starts",
        Layer.KILL,
        "garbage in the log",
        SETTLED,
    ),
    always(
        "F11",
        "file",
        "the file is damaged when the gateway starts: it refuses to, and goes on with the backup",
        Layer.KILL,
        "damaged file",
        SETTLED,
    ),
    # Messages that come twice, processes that freeze
    always(
        "F19",
        "",
        "the same request comes twice, with one idempotency key, while the first is under way",
        Layer.CLIENT,
        "twice",
        SETTLED._replace(sent=1),
    ),
    always(
        "F20",
        "",
        "a gateway process freezes with calls in flight and goes on, while another one works on the same file",
        Layer.KILL,
        "frozen",
        SETTLED,
    ),
    # The provider breaks the connection, or is silent
    always(
        "F21",
        "refused",
        "the provider refuses the connection; each of three tries had a hold of its own",
        Layer.PROVIDER,
        "refusing",
        void(502)._replace(states=("void",) * 3, sent=0),
    ),
    always(
        "F21",
        "before-headers",
        "the connection is reset before the answer begins",
        Layer.PROVIDER,
        "reset_before_headers",
        BROKEN,
    ),
    Case(
        "F21",
        "after-headers",
        "the connection is reset after the headers",
        Layer.PROVIDER,
        "reset_after_headers",
        BROKEN,
        CUT,
    ),
    Case(
        "F21",
        "mid-body",
        "the connection is reset in the middle of the answer",
        Layer.PROVIDER,
        "reset_mid_body",
        BROKEN,
        CUT,
    ),
    always("F22", "silence", "the provider never answers", Layer.PATIENCE, "silence", BROKEN),
    always("F22", "late", "the provider answers after the time-out", Layer.PATIENCE, "latency:seconds=1.5", BROKEN),
    Case(
        "F22",
        "chunks",
        "the provider stops between two pieces of a stream",
        Layer.PATIENCE,
        "slow:seconds=1.5",
        None,
        CUT,
    ),
    # The provider says too little, or nonsense
    Case("F23", "", "the answer ends early, without its usage", Layer.PROVIDER, "truncate", UNKNOWN, CUT),
    always("F24", "no-usage", "the answer says nothing of its usage", Layer.PROVIDER, "no_usage", UNKNOWN),
    Case(
        "F24",
        "malformed",
        "the answer's JSON is broken; in a stream, that of a piece of text",
        Layer.PROVIDER,
        "malformed",
        UNKNOWN,
        SETTLED,
    ),
    Case(
        "F24",
        "malformed-usage",
        "the JSON of the usage is broken",
        Layer.PROVIDER,
        "malformed_usage",
        UNKNOWN,
        UNKNOWN._replace(ended=None),
    ),
    always("F24", "negative", "the usage is negative", Layer.PROVIDER, "negative_usage", UNKNOWN),
    always("F24", "huge", "the usage is impossibly large", Layer.PROVIDER, "huge_usage", UNKNOWN),
    always("F25", "twice", "the usage comes twice", Layer.PROVIDER, "usage_twice", SETTLED),
    Case(
        "F25",
        "running",
        "every piece of a stream repeats the usage so far",
        Layer.PROVIDER,
        "usage_every_chunk",
        None,
        SETTLED,
    ),
    always(
        "F26", "error-body", "the provider answers 200 with an error in the body", Layer.PROVIDER, "error_body", UNKNOWN
    ),
    always(
        "F26",
        "billed-error-body",
        "the provider answers 200 with an error in the body, and bills the call",
        Layer.PROVIDER,
        "error_body:billed=true",
        UNKNOWN,
    ),
    always("F26", "500", "the provider answers 500", Layer.PROVIDER, "500", FAILED),
    always(
        "F26",
        "billed-500",
        "the provider answers 500 after it billed the call",
        Layer.PROVIDER,
        "error:status=500,billed=true",
        FAILED,
    ),
    # The provider does too much, or too little
    Case(
        "F27",
        "",
        "the provider ignores the output cap, and writes four times as much",
        Layer.PROVIDER,
        "overrun:times=4",
        SETTLED._replace(flags=("overran_cap", "overran_hold"), then=OVERRAN),
        CUT._replace(flags=("cut", "overran_cap"), then=OVERRAN, bounded=False),
    ),
    always(
        "F28",
        "429",
        "a storm of 429: each call is sent once, with its own hold",
        Layer.PROVIDER,
        "429:retry_after=7",
        void(429)._replace(states=("void",) * STORM),
    ),
    always(
        "F28",
        "529",
        "a storm of 529 (overloaded)",
        Layer.PROVIDER,
        "529:retry_after=7",
        void(529)._replace(states=("void",) * STORM),
    ),
    # The client leaves, or reads slowly
    always(
        "F29",
        "in-request",
        "the client leaves before its request is complete",
        Layer.CLIENT,
        "leaves in its request",
        NOT_THERE,
    ),
    always(
        "F29",
        "before-answer",
        "the client leaves before the answer begins",
        Layer.CLIENT,
        "leaves before the answer",
        DRAINED,
    ),
    Case(
        "F29",
        "mid-answer",
        "the client leaves in the middle of a stream",
        Layer.CLIENT,
        "leaves in the answer",
        None,
        DRAINED,
    ),
    always(
        "F29",
        "half-close",
        "the client closes its sending half before the answer begins, which counts as leaving",
        Layer.CLIENT,
        "closes one half",
        DRAINED,
    ),
    always(
        "F29", "slow-reader", "the client does not read its answer for a while", Layer.CLIENT, "does not read", SETTLED
    ),
    # Time and configuration change under way
    always(
        "F30", "hour-on", "the clock jumps an hour forward while a call is in flight", Layer.CLOCK, "+3600", SETTLED
    ),
    always("F30", "hour-back", "the clock jumps an hour back while a call is in flight", Layer.CLOCK, "-3600", SETTLED),
    always(
        "F30",
        "day-on",
        "the clock jumps a day forward, over the end of its window and of daylight saving",
        Layer.CLOCK,
        "+86400",
        SETTLED,
    ),
    always("F30", "day-back", "the clock jumps a day back", Layer.CLOCK, "-86400", SETTLED),
    always(
        "F31",
        "limit",
        "the limit is cut below what is held while a call is in flight",
        Layer.CHANGE,
        "limit",
        SETTLED._replace(then=AFTER_CUT),
    ),
    always(
        "F31",
        "price",
        "the price rises tenfold while a call is in flight: it is paid at the price it was sent at",
        Layer.CHANGE,
        "price",
        SETTLED._replace(then=AFTER_RISE),
    ),
    always(
        "F31",
        "key",
        "the key is taken away while its call is in flight",
        Layer.CHANGE,
        "key",
        SETTLED._replace(then=REVOKED),
    ),
    # The gateway is told to stop
    always(
        "F32",
        "",
        "the gateway is told to stop (SIGTERM) with calls in flight: they end well",
        Layer.KILL,
        "told to stop",
        SETTLED,
    ),
)

SECTIONS = (
    ("The gateway dies, freezes or is stopped", ("F1", "F2", "F3", "F4", "F5", "F20", "F32")),
    ("The disk fails", ("F6", "F7", "F8", "F9", "F10", "F11")),
    ("The provider breaks off, or is silent", ("F21", "F22", "F23")),
    ("The provider says nonsense, or too little", ("F24", "F25", "F26")),
    ("The provider does too much, or refuses", ("F27", "F28")),
    ("The caller leaves, lingers, or asks twice", ("F19", "F29")),
    ("Time or the configuration changes under way", ("F30", "F31")),
)
"""How the page is divided."""

ELSEWHERE = (
    Elsewhere("F12", "Redis is killed and comes back empty", "one node has no Redis: the ledger is its own file"),
    Elsewhere("F13", "Redis fails over and loses writes", "one node has no Redis"),
    Elsewhere("F14", "Redis stands still", "one node has no Redis"),
    Elsewhere("F15", "Redis is flushed, or evicts", "one node has no Redis"),
    Elsewhere("F16", "PostgreSQL is killed, fails over, or aborts a transaction", "one node has no PostgreSQL"),
    Elsewhere("F17", "the pool of connections to PostgreSQL is used up", "one node has no PostgreSQL"),
    Elsewhere(
        "F18",
        "a replica is cut off from the authority",
        "the processes of one node share one file, and nothing lies between",
    ),
)


def combinations():
    """Every case under every policy, whole and streamed: what a test is made for."""
    for case in CASES:
        for policy in Policy:
            for streamed in (False, True):
                if (case.streamed if streamed else case.whole) is not None:
                    yield case, policy, streamed


def name(case: Case, policy: Policy, *, streamed: bool) -> str:
    """`F23-land-streamed`."""
    return f"{case.name}-{policy}-{'streamed' if streamed else 'whole'}"
