-- The ledger's first shape. Money is nano-dollars, times are milliseconds since 1970, ids as in farthing.domain.ids.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One process (or one ledger in it) that may hold money. Its lock file, not this row, says whether it lives.
CREATE TABLE owner (
    slot       INTEGER PRIMARY KEY,
    pid        INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    what       TEXT NOT NULL
) STRICT;

-- A budget, one value of its `each` label, a unit and one window. A new window is a new row, never a reset.
CREATE TABLE account (
    id        INTEGER PRIMARY KEY,
    budget    TEXT NOT NULL,
    value     TEXT NOT NULL,
    unit      TEXT NOT NULL,
    window    TEXT NOT NULL,
    closes_ms INTEGER NOT NULL,
    posted    INTEGER NOT NULL DEFAULT 0 CHECK (posted >= 0),
    held      INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    unknown   INTEGER NOT NULL DEFAULT 0 CHECK (unknown >= 0),
    UNIQUE (budget, value, unit, window)
) STRICT;

CREATE TABLE call (
    id            INTEGER PRIMARY KEY,
    arrived_ms    INTEGER NOT NULL,
    key           TEXT NOT NULL,
    labels        TEXT NOT NULL,      -- JSON object
    dialect       TEXT NOT NULL,
    route         TEXT NOT NULL,
    model         TEXT NOT NULL,
    streamed      INTEGER NOT NULL,
    cap_asked     INTEGER,
    skeleton      BLOB NOT NULL,      -- JSON of farthing.domain.record.Skeleton; no content
    outcome       TEXT,               -- NULL while it runs, or when its process died
    status        INTEGER,
    finished_ms   INTEGER,
    first_byte_ms INTEGER,
    code          TEXT,
    detail        TEXT
) STRICT;

-- One request to one provider. Its id is its call's id with the ordinal in the low four bits.
CREATE TABLE attempt (
    id                          INTEGER PRIMARY KEY,
    owner                       INTEGER NOT NULL,   -- slot
    state                       INTEGER NOT NULL,   -- 0 held, 1 unknown, 2 settled, 3 void
    provider                    TEXT NOT NULL,
    model                       TEXT NOT NULL,
    book                        TEXT NOT NULL,
    bound                       TEXT NOT NULL,
    input_bound                 INTEGER NOT NULL,
    text_bytes                  INTEGER NOT NULL,
    choices                     INTEGER NOT NULL,
    cap                         INTEGER NOT NULL,
    opened_ms                   INTEGER NOT NULL,
    charges                     TEXT NOT NULL,      -- JSON [[account id, held, times, over, least], ...]
    posted                      TEXT,               -- JSON [amount, ...] in the order of charges; NULL while it is open
    due_ms                      INTEGER,            -- unknown: when the policy charges it
    seen                        TEXT,               -- unknown: JSON {"picos", "input_tokens", "output_tokens", "calls"}
    reason                      TEXT,
    cost_nanos                  INTEGER,            -- NULL: not settled, or unpriced
    remainder_picos             INTEGER,
    input_tokens                INTEGER,
    output_tokens               INTEGER,
    cache_read_input_tokens     INTEGER,
    cache_write_input_tokens    INTEGER,
    cache_write_1h_input_tokens INTEGER,
    reasoning_output_tokens     INTEGER,
    audio_input_tokens          INTEGER,
    cached_audio_input_tokens   INTEGER,
    audio_output_tokens         INTEGER,
    web_search_requests         INTEGER,
    source                      TEXT,               -- provider, estimate, operator
    tier                        TEXT,               -- the service tier that was billed
    served_model                TEXT,
    response_id                 TEXT,
    finish                      TEXT,
    flags                       TEXT,               -- JSON array
    settled_ms                  INTEGER
) STRICT;

CREATE INDEX attempt_open ON attempt (owner, state) WHERE state < 2;

-- Corrections by an operator, of settled attempts and of unknown ones: nothing changes silently.
CREATE TABLE adjustment (
    id      INTEGER PRIMARY KEY,
    attempt INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    by      TEXT NOT NULL,
    reason  TEXT NOT NULL,
    before  TEXT NOT NULL,      -- JSON of state, source, cost, usage, charges and posted
    after   TEXT NOT NULL
) STRICT;

-- Responses that later calls may point to, per tenant.
CREATE TABLE response (
    tenant  TEXT NOT NULL,
    id      TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    tokens  INTEGER,            -- input + output: the context a follow-up inherits; NULL while pending
    at_ms   INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE stored_key (
    name       TEXT PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    document   TEXT NOT NULL,   -- JSON of farthing.domain.key.Key: a digest, never a secret
    revoked_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE stored_budget (
    name     TEXT PRIMARY KEY,
    document TEXT NOT NULL      -- JSON of farthing.domain.budget.Budget
) STRICT, WITHOUT ROWID;

-- Amounts added to one account for its present window, beside the limit its budget names.
CREATE TABLE stored_grant (
    id     INTEGER PRIMARY KEY,
    budget TEXT NOT NULL,
    value  TEXT NOT NULL,
    unit   TEXT NOT NULL,
    window TEXT NOT NULL,
    amount INTEGER NOT NULL,
    by     TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms  INTEGER NOT NULL
) STRICT;

-- provider/model pairs that broke a cap we put on the wire.
CREATE TABLE gate (
    name            TEXT PRIMARY KEY,
    attempt         INTEGER NOT NULL,
    at_ms           INTEGER NOT NULL,
    detail          TEXT NOT NULL,
    acknowledged_by TEXT NOT NULL DEFAULT '',
    acknowledged_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Who changed what beside calls: keys, budgets, grants, gates, corrections.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    by      TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;

INSERT INTO meta (name, value) VALUES ('directory_version', '1');
