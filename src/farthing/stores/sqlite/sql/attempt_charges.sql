-- Every attempt's charges, for the full check.
SELECT id, state, charges FROM attempt
