-- Every owner and how many attempts it has in flight.
SELECT slot, pid, started_ms, what,
    (SELECT count(*) FROM attempt WHERE attempt.owner = owner.slot AND state = 0 AND state < 2)
FROM owner ORDER BY slot
