-- How a call ended for its client.
UPDATE call SET outcome = ?, status = ?, finished_ms = ?, first_byte_ms = ?, code = ?, detail = ? WHERE id = ?
