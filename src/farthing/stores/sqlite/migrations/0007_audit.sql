-- The audit chain: what was written, link after link. Rows of other tables are never trusted without it.

-- One transaction's doings. `entries` is 25 bytes an entry: kind, the row's number, digest (farthing.audit.entry).
CREATE TABLE audit_link (
    seq     INTEGER PRIMARY KEY,    -- from 1, without a gap; only the oldest are ever dropped
    at_ms   INTEGER NOT NULL,
    kind    TEXT NOT NULL,          -- begin, batch, change, seal, erase, prune, carry
    count   INTEGER NOT NULL,       -- of entries
    prev    BLOB NOT NULL,          -- hash of the link before
    root    BLOB NOT NULL,          -- SHA-256 of the entries
    hash    BLOB NOT NULL,          -- SHA-256 of all the above
    entries BLOB NOT NULL
) STRICT;

-- A person whose name a label is. Dropping name and salt leaves the commitment, which nobody can trace.
CREATE TABLE audit_subject (
    id         INTEGER PRIMARY KEY,
    label      TEXT NOT NULL,
    value      TEXT NOT NULL,           -- the name; the pseudonym once it was erased
    salt       BLOB,                    -- NULL once it was erased
    commitment BLOB NOT NULL,           -- SHA-256 over salt, label and name: what stands in the chain
    pseudonym  TEXT NOT NULL DEFAULT '' -- '' while nobody asked to be forgotten
) STRICT;

CREATE UNIQUE INDEX audit_subject_value ON audit_subject (label, value);
CREATE INDEX audit_subject_pseudonym ON audit_subject (label, pseudonym) WHERE pseudonym <> '';

-- What goes before a row that may name a person in free text when its digest is taken. Erasing gives a new one.
CREATE TABLE audit_salt (
    kind   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    salt   BLOB NOT NULL,
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;

-- What stretches of the chain came to, as their copies elsewhere say it too.
CREATE TABLE audit_seal (
    number   INTEGER PRIMARY KEY,
    document TEXT NOT NULL      -- JSON of farthing.audit.seal.Seal
) STRICT;

-- What attempts that were dropped by policy had posted, so that an account still is the sum of what is behind it.
CREATE TABLE audit_base (
    account INTEGER PRIMARY KEY,
    posted  INTEGER NOT NULL
) STRICT;
