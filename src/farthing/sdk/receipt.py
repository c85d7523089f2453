"""A run's receipt in a program's hands: the document, and the page that it is when it is printed."""

from farthing.accounts.run_paper import run_paper
from farthing.accounts.run_view import RunReceiptView


class RunReceipt:
    """`run.receipt`: printed it is a page of text; `document` is the same as values, and `usd` what it all came to."""

    def __init__(self, document: RunReceiptView) -> None:
        self.document = document

    @property
    def usd(self) -> str:
        """Models and everything beside them: a decimal string."""
        return self.document.total_usd

    def __str__(self) -> str:
        return run_paper(self.document).rstrip("\n")

    def __repr__(self) -> str:
        return f"<RunReceipt {self.document.run}: ${self.usd}>"
