-- Who has holds in flight.
SELECT DISTINCT owner FROM attempt WHERE state < 2 AND state = 0
