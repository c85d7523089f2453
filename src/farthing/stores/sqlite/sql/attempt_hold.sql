-- Money is held for an attempt: from this commit on it may be sent.
INSERT INTO attempt
    (id, owner, state, provider, model, book, bound, input_bound, text_bytes, choices, cap, opened_ms, charges, steps)
VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
