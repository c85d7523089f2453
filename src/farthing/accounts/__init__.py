"""Who spent what: attribution and receipts."""
