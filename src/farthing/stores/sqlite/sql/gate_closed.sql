SELECT name FROM gate WHERE acknowledged_ms = 0
