"""Needs: what the core asks of the outside, one protocol a file. The docstring is the contract."""
