"""The admin side: keys, budgets, calls, gates, reports and prices over HTTP, each a typed endpoint of one table."""
