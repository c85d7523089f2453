"""Notifying: alerts on their way out. Addresses, the worker that delivers, and the loop that watches. See README.md."""
