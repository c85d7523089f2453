"""Values: what the rest of Farthing talks about. Nothing here reads a clock, a file or a socket."""
