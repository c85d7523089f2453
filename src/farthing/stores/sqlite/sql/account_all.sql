-- Every account's balance, for the full check.
SELECT id, posted, held, unknown, budget, value, unit, window FROM account
