"""Recorded traffic under another policy."""
