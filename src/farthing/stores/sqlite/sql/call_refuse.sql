-- A call that was refused; if it is known already (a later attempt was refused), only its end is noted.
INSERT INTO call (id, arrived_ms, key, labels, dialect, route, model, streamed, cap_asked, skeleton, parent,
                  outcome, status, finished_ms, first_byte_ms, code, detail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    outcome = excluded.outcome, status = excluded.status, finished_ms = excluded.finished_ms,
    first_byte_ms = excluded.first_byte_ms, code = excluded.code, detail = excluded.detail
