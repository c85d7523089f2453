"""`farthing bill`: months, statements, exports, and the comparison with what a provider says."""
