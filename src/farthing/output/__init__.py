"""How long may the answer be? Default caps, clamps and thinking budgets."""
