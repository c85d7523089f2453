-- The span of the caller's own trace that a call belongs to (W3C traceparent); NULL where none was named.
ALTER TABLE call ADD COLUMN parent TEXT;

-- How far those have come who pass records on, and who does it now: one holder at a time for each name.
CREATE TABLE follower (
    name     TEXT PRIMARY KEY,
    holder   TEXT NOT NULL,
    until_ms INTEGER NOT NULL,      -- until when nobody else may take it
    progress BLOB NOT NULL          -- the follower's own notes, JSON
) STRICT, WITHOUT ROWID;
