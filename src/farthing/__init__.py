"""Farthing: budgets for AI agents that cannot be overspent."""

__version__ = "0.1.0"
