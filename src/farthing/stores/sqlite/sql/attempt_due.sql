-- Unknown outcomes whose time is over, oldest first, a bite at a time.
SELECT id, owner, state, charges, due_ms, seen, flags, posted FROM attempt
WHERE state < 2 AND state = 1 AND due_ms <= ? ORDER BY due_ms LIMIT 500
