-- One account's balance and number.
SELECT posted, held, unknown, closes_ms, id FROM account WHERE budget = ? AND value = ? AND unit = ? AND window = ?
