-- What people are asked before calls may go on, and what they said. `changed` is the directory's version at the decision.
CREATE TABLE approval (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,       -- what the accounts of its budget are called
    topic      TEXT NOT NULL,       -- JSON [[account, ...], threshold]: equal ones are one request
    petition   TEXT NOT NULL,       -- JSON of farthing.ports.approvals.Petition
    asked_ms   INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    state      TEXT NOT NULL,       -- pending, granted, declined or expired; pending ones expire by their time
    by         TEXT NOT NULL DEFAULT '',
    decided_ms INTEGER NOT NULL DEFAULT 0,
    amount     INTEGER NOT NULL DEFAULT 0,
    reason     TEXT NOT NULL DEFAULT '',
    changed    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX approval_pending ON approval (topic) WHERE state = 'pending';
CREATE INDEX approval_topic ON approval (topic, id);
CREATE INDEX approval_open ON approval (account, id) WHERE state = 'pending';
CREATE INDEX approval_changed ON approval (changed) WHERE changed > 0;
CREATE INDEX approval_over ON approval (expires_ms) WHERE state <> 'granted';
