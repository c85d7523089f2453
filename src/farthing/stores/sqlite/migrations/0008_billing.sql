-- Billing periods that are closed, and what was told of them. A row is written once and never changed.
CREATE TABLE billing_period (
    month    TEXT PRIMARY KEY,      -- like 2026-10, in UTC
    document TEXT NOT NULL,         -- JSON of farthing.ports.billing.ClosedPeriod
    lines    BLOB NOT NULL          -- every farthing.ports.billing.BillLine as it was told: JSON arrays in order, zlib
) STRICT, WITHOUT ROWID;
