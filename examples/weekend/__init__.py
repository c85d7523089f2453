"""A runaway weekend: 23 agents, 62 hours of a simulated clock, and nobody at a desk. `runaway.py` tells it."""
