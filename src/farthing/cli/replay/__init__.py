"""`farthing replay`: the same history under another policy."""
