-- A new account. Its number is the row id.
INSERT INTO account (posted, held, unknown, closes_ms, budget, value, unit, window) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
