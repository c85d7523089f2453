"""What programs may rely on: the fields of a receipt, by name."""

from farthing.accounts.receipt_document import AttemptReceiptView, ReceiptView

RECEIPT = {
    "call", "arrived_at", "key", "labels", "asked", "outcome", "status", "code", "detail", "took_ms", "first_byte_ms",
    "attempts", "entries", "adjustments", "naive_usd", "savings", "cost_usd", "complete", "adds_up",
}  # fmt: skip
ATTEMPT = {
    "ordinal", "provider", "model", "served_model", "state", "source", "reason", "flags", "steps", "bound",
    "input_bound", "output_cap", "choices", "worst_usd", "usage", "tier", "lines", "unexplained", "cost_usd",
    "remainder_picos", "naive_usd", "savings", "book", "shares", "opened_at", "settled_at", "due_at",
}  # fmt: skip


def test_no_field_that_was_ever_there_goes_away():
    assert set(ReceiptView.__struct_fields__) >= RECEIPT
    assert set(AttemptReceiptView.__struct_fields__) >= ATTEMPT
