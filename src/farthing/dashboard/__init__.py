"""The pages at `/`."""
