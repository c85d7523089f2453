SELECT name, document FROM stored_budget ORDER BY name
