"""Everything in memory: for tests and for runs that need no file."""
