"""For tests, yours and ours: a simulated provider, a manual clock, a ledger in memory."""
