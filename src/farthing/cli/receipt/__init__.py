"""`farthing receipt`: the whole account of one call."""
