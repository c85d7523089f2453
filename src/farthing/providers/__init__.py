"""HTTP to model providers."""
