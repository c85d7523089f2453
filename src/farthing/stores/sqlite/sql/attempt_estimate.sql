-- Nobody could say what an attempt cost in time: the policy has charged it.
UPDATE attempt SET
    state = 2, posted = ?, cost_nanos = ?, input_tokens = ?, output_tokens = ?,
    source = 'estimate', flags = ?, settled_ms = ?
WHERE id = ? AND state = 1
