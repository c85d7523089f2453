"""The command line: `farthing`. One file a noun; `main` only lists them."""
