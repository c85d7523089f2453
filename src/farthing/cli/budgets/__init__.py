"""`farthing budgets`: limits, how they stand, and what would fit."""
