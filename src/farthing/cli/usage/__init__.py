"""`farthing usage`: who spent what and why, in five formats."""
