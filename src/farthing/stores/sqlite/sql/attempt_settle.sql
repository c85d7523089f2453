-- The truth about an attempt. Only a hold that is open has an end to come.
UPDATE attempt SET
    state = 2, posted = ?, cost_nanos = ?, remainder_picos = ?,
    input_tokens = ?, output_tokens = ?, cache_read_input_tokens = ?, cache_write_input_tokens = ?,
    cache_write_1h_input_tokens = ?, reasoning_output_tokens = ?, audio_input_tokens = ?,
    cached_audio_input_tokens = ?, audio_output_tokens = ?, web_search_requests = ?,
    source = ?, tier = ?, served_model = ?, response_id = ?, finish = ?, flags = ?, settled_ms = ?
WHERE id = ? AND state < 2
