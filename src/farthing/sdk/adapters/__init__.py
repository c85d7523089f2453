"""Frameworks of agents inside a budget: thin, optional, and each loaded only by whoever imports it."""
