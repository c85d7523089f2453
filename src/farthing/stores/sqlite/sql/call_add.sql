-- A call that asked for money for the first time.
INSERT INTO call (id, arrived_ms, key, labels, dialect, route, model, streamed, cap_asked, skeleton, parent)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
