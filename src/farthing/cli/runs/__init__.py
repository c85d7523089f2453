"""`farthing runs`: list, show, end, suspend and retire."""
