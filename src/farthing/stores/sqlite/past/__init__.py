"""Questions to the past: what sums know, and the calls that are not summed yet."""
