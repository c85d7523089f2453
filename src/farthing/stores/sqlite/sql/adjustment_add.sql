INSERT INTO adjustment (attempt, at_ms, by, reason, before, after) VALUES (?, ?, ?, ?, ?, ?)
