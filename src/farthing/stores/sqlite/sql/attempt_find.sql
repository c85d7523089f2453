-- What is needed to end an attempt.
SELECT id, owner, state, charges, due_ms, seen, flags, posted FROM attempt WHERE id = ?
