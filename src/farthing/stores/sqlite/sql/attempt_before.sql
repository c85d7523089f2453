-- An attempt as it stands before a correction.
SELECT state, source, cost_nanos, input_tokens, output_tokens, charges, posted FROM attempt WHERE id = ?
