INSERT INTO stored_grant (budget, value, unit, window, amount, by, reason, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
