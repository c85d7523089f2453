-- Alerts that were told, who saw them, and where they still have to go.
CREATE TABLE alert (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms           INTEGER NOT NULL,
    rule            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    value           INTEGER,
    threshold       INTEGER NOT NULL,
    title           TEXT NOT NULL,
    text            TEXT NOT NULL,
    ended_ms        INTEGER,            -- NULL while one of its subjects is not ready to fire again
    acknowledged_by TEXT NOT NULL DEFAULT '',
    acknowledged_ms INTEGER
) STRICT;

CREATE INDEX alert_over ON alert (ended_ms) WHERE ended_ms IS NOT NULL;

-- Whom a rule has told about and who is not ready to fire again.
CREATE TABLE alert_fired (
    rule    TEXT NOT NULL,
    subject TEXT NOT NULL,
    window  TEXT NOT NULL,
    alert   INTEGER NOT NULL,
    PRIMARY KEY (rule, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX alert_fired_by ON alert_fired (alert);

-- One alert to one address. A worker that takes it moves `next_ms` to the end of its lease.
CREATE TABLE delivery (
    id         INTEGER PRIMARY KEY,
    alert      INTEGER NOT NULL,
    address    TEXT NOT NULL,           -- digest: never the address itself, which may hold a secret
    label      TEXT NOT NULL,
    key        TEXT NOT NULL,
    state      TEXT NOT NULL,           -- waiting, sent, dead, dropped
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_ms    INTEGER NOT NULL,
    last_error TEXT NOT NULL DEFAULT '',
    ended_ms   INTEGER
) STRICT;

CREATE INDEX delivery_due ON delivery (next_ms) WHERE state = 'waiting';
CREATE INDEX delivery_of ON delivery (alert);

-- What happened that no other table shows: a loop found, somebody suspended.
CREATE TABLE alert_event (
    id      INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;

CREATE INDEX alert_event_kind ON alert_event (kind, at_ms);

-- What each value of a label spent in hours that are over, so that it is summed once. A row with value '' is always there.
CREATE TABLE alert_hour (
    label                   TEXT NOT NULL,
    hour_ms                 INTEGER NOT NULL,
    value                   TEXT NOT NULL,
    attempts                INTEGER NOT NULL,
    cost_nanos              INTEGER NOT NULL,
    input_tokens            INTEGER NOT NULL,
    cache_read_input_tokens INTEGER NOT NULL,
    PRIMARY KEY (label, hour_ms, value)
) STRICT, WITHOUT ROWID;

-- How much input the first turns of a run had.
CREATE TABLE alert_run (
    run          TEXT NOT NULL,
    agent        TEXT NOT NULL,
    first_tokens INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    PRIMARY KEY (run, agent)
) STRICT, WITHOUT ROWID;

CREATE INDEX alert_run_age ON alert_run (at_ms);

-- The accounts of one budget in one window, without those of all windows before.
CREATE INDEX account_window ON account (window, budget);
