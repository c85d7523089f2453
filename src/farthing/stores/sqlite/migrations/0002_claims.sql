-- Which call an idempotency key stands for. The key is the caller's own word; nothing of the body is here but a digest.
CREATE TABLE claim (
    tenant      TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,      -- SHA-256 of the route and the body
    call        INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_age ON claim (at_ms);
