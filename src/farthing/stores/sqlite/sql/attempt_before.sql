-- An attempt as it stands before or after a correction.
SELECT state, ifnull(source, ''), cost_nanos, ifnull(input_tokens, 0), ifnull(output_tokens, 0), charges, posted
FROM attempt WHERE id = ?
