-- One account's balance, as decided inside this transaction.
UPDATE account SET posted = ?, held = ?, unknown = ?, closes_ms = ? WHERE id = ?
