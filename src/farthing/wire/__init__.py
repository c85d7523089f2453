"""Formats: bytes in, values out, and back. No sockets, no clocks; each dialect converts once, at the door."""
