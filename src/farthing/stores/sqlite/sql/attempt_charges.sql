-- What every attempt holds and has posted, for the full check.
SELECT id, state, charges, posted FROM attempt
