"""`farthing run`: any command under a budget of its own."""
