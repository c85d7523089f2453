-- The holds in flight of one owner.
SELECT id, owner, state, charges, due_ms, seen, flags, posted FROM attempt WHERE owner = ? AND state < 2 AND state = 0
