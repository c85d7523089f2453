"""The chain of what was done: links, seals, commitments, and finding what was changed."""
