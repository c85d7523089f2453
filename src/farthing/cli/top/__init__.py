"""`farthing top`: what is spent now, on one screen."""
