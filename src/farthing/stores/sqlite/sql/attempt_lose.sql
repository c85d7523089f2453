-- Nobody knows what became of an attempt: its hold stays and counts as spent.
UPDATE attempt SET state = 1, due_ms = ?, seen = ?, reason = ?, flags = ?, response_id = ? WHERE id = ? AND state = 0
