INSERT INTO audit (at_ms, by, action, subject, detail) VALUES (?, ?, ?, ?, ?)
