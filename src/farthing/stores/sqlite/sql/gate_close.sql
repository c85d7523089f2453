-- A provider's model broke a cap: refused under enforced budgets until somebody acknowledges it.
INSERT INTO gate (name, attempt, at_ms, detail) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
    attempt = excluded.attempt, at_ms = excluded.at_ms, detail = excluded.detail,
    acknowledged_by = '', acknowledged_ms = 0
