"""Sums of the past: made of what is over, and taken back when something under them changes."""
