"""The audit's chain in the ledger's file: links, what they cover, and the check of it all."""
