-- Who may not call, and since when again. `changed` is the directory's version after the change.
CREATE TABLE suspension (
    label     TEXT NOT NULL,        -- a label, or `key`
    value     TEXT NOT NULL,
    until_ms  INTEGER,              -- NULL: until it is lifted
    by        TEXT NOT NULL,
    why       TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    lifted_ms INTEGER,              -- a row that only says "resumed" was lifted from its start
    changed   INTEGER NOT NULL,
    PRIMARY KEY (label, value)
) STRICT, WITHOUT ROWID;

-- Runs that somebody spoke for: announced, ended or landed. Those that only call are in the calls' own labels.
CREATE TABLE run (
    name          TEXT PRIMARY KEY,
    owner         TEXT NOT NULL,
    parent        TEXT NOT NULL,
    labels        TEXT NOT NULL,    -- JSON [[name, value], ...]
    started_ms    INTEGER NOT NULL,
    beat_ms       INTEGER NOT NULL,
    beat_every_ms INTEGER,          -- NULL: no heartbeat was promised
    landed        TEXT NOT NULL,    -- JSON [agent, ...]
    ended_ms      INTEGER,
    touched_ms    INTEGER NOT NULL,
    changed       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX run_changed ON run (changed);
CREATE INDEX run_age ON run (touched_ms);
