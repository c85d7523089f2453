"""How a batch is decided and written: one thread, one transaction, the file as the authority."""
