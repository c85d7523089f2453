"""Chargeback: FOCUS rows, statements, allocation, reconciliation."""
