SELECT budget, value, unit, window, amount, by, reason, at_ms FROM stored_grant ORDER BY id
