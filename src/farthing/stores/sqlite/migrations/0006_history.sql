-- What the past came to: outcomes, other costs, and sums of what is over.

-- The last word on what a run came to; the audit has the earlier ones.
CREATE TABLE outcome (
    run     TEXT PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    success INTEGER NOT NULL,   -- 0 or 1
    score   REAL,               -- 0 to 1; NULL where nobody graded it
    by      TEXT NOT NULL,
    note    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What runs cost beside models; in no account.
CREATE TABLE other_cost (
    id    INTEGER PRIMARY KEY,
    run   TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    nanos INTEGER NOT NULL CHECK (nanos >= 0),
    by    TEXT NOT NULL,
    note  TEXT NOT NULL,
    once  TEXT NOT NULL          -- '' or the reporter's word that lets it be booked once
) STRICT;

CREATE INDEX other_cost_run ON other_cost (run);
CREATE UNIQUE INDEX other_cost_once ON other_cost (run, once) WHERE once <> '';

-- How far the past is summed. One row.
-- A change of a call that arrived before `summed_ms`, or of one with an id up to `summed_id`, may have to take sums back.
CREATE TABLE horizon (
    summed_ms INTEGER NOT NULL,
    summed_id INTEGER NOT NULL,
    slack_ms  INTEGER NOT NULL    -- the most by which any call's id is ahead of its arrival, or behind
) STRICT;

INSERT INTO horizon
SELECT 0, 0, max(60000, ifnull((SELECT max(abs((id >> 22) + 1767225600000 - arrived_ms)) FROM call), 0));

-- Spans of time (5 minutes, an hour, a day; UTC) that are summed, or were.
CREATE TABLE span (
    length_ms INTEGER NOT NULL,
    start_ms  INTEGER NOT NULL,
    whole     INTEGER NOT NULL,   -- 1: its sums are what its calls come to now
    turn      INTEGER NOT NULL,   -- another number for each time that somebody begins to sum it
    PRIMARY KEY (length_ms, start_ms)
) STRICT, WITHOUT ROWID;

-- Whom calls were for: their key and their labels without run and step. `narrow` is the row that has only those of them
-- which take few values everywhere (a team, not a user); it is its own where there are no others.
CREATE TABLE who (
    id     INTEGER PRIMARY KEY,
    key    TEXT NOT NULL,
    labels TEXT NOT NULL,         -- JSON object, by name
    narrow INTEGER NOT NULL,
    UNIQUE (labels, key)
) STRICT;

CREATE INDEX who_narrow ON who (id) WHERE narrow = id;

-- The same by single labels (and `key`), for finding one value's rows.
CREATE TABLE who_label (
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    who   INTEGER NOT NULL,
    PRIMARY KEY (name, value, who)
) STRICT, WITHOUT ROWID;

-- The first values of each label: one with too many of them is wide from then on.
CREATE TABLE label_value (
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name, value)
) STRICT, WITHOUT ROWID;

-- What was called, and at which rates.
CREATE TABLE what (
    id       INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    model    TEXT NOT NULL,
    tier     TEXT NOT NULL,
    route    TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    rates    TEXT NOT NULL,       -- JSON of farthing.domain.price.Rates; '' where no price explains the cost
    UNIQUE (model, provider, tier, route, outcome, rates)
) STRICT;

-- Sums of one span: of everything (family 0), by the narrow part of whom (1), by whom (2). Columns as in UsageRow.
CREATE TABLE cell (
    family                      INTEGER NOT NULL,
    length_ms                   INTEGER NOT NULL,
    narrow                      INTEGER NOT NULL,   -- 0 in family 0
    start_ms                    INTEGER NOT NULL,
    who                         INTEGER NOT NULL,   -- 0 but in family 2
    what                        INTEGER NOT NULL,
    calls                       INTEGER NOT NULL,
    refused                     INTEGER NOT NULL,
    attempts                    INTEGER NOT NULL,
    open                        INTEGER NOT NULL,
    unpriced                    INTEGER NOT NULL,
    input_tokens                INTEGER NOT NULL,
    output_tokens               INTEGER NOT NULL,
    cache_read_input_tokens     INTEGER NOT NULL,
    cache_write_input_tokens    INTEGER NOT NULL,
    cache_write_1h_input_tokens INTEGER NOT NULL,
    reasoning_output_tokens     INTEGER NOT NULL,
    audio_input_tokens          INTEGER NOT NULL,
    cached_audio_input_tokens   INTEGER NOT NULL,
    audio_output_tokens         INTEGER NOT NULL,
    web_search_requests         INTEGER NOT NULL,
    cost_nanos                  INTEGER NOT NULL,
    remainder_picos             INTEGER NOT NULL,
    estimated_nanos             INTEGER NOT NULL,
    naive_nanos                 INTEGER NOT NULL,
    PRIMARY KEY (family, length_ms, narrow, start_ms, who, what)
) STRICT, WITHOUT ROWID;

-- What one run did in one span of 5 minutes or an hour: JSON of farthing.stores.sqlite.rollup_runs.Part.
CREATE TABLE run_part (
    length_ms INTEGER NOT NULL,
    start_ms  INTEGER NOT NULL,
    run       TEXT NOT NULL,
    part      BLOB NOT NULL,
    PRIMARY KEY (length_ms, start_ms, run)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_part_run ON run_part (run);

-- The parts of a run together, as far as they are summed.
CREATE TABLE run_total (
    run        TEXT PRIMARY KEY,
    first_ms   INTEGER NOT NULL,
    last_ms    INTEGER NOT NULL,
    who        INTEGER NOT NULL,    -- of its first call
    narrow     INTEGER NOT NULL,
    what       INTEGER NOT NULL,    -- of its first attempt
    prompt     TEXT NOT NULL,
    cost_nanos INTEGER NOT NULL,
    part       BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX run_total_last ON run_total (last_ms DESC, run, first_ms, cost_nanos, narrow, who, what, prompt);
CREATE INDEX run_total_first ON run_total (first_ms, narrow, who, what, prompt, cost_nanos);
