-- A response that a later call of this tenant may point to. `tokens` is NULL while it is pending.
INSERT INTO response (tenant, id, attempt, tokens, at_ms) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tenant, id) DO UPDATE SET tokens = excluded.tokens WHERE attempt = excluded.attempt
