-- What an account's number stands for.
SELECT budget, value, unit, window FROM account WHERE id = ?
