"""Alerts: what a rule says, whether it is so, and whether it was told already. See README.md."""
