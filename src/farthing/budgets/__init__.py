"""May we spend? Windows, accounts, holds, and the book that decides."""
