-- Nothing billable was sent: the hold is given back.
UPDATE attempt SET state = 3, posted = ?, reason = ?, settled_ms = ? WHERE id = ? AND state = 0
