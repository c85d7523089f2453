"""`farthing doctor`: every part is tested, and what to do is said."""
