"""`farthing usage --format focus`: FOCUS rows of any time."""

import csv
import io
from decimal import Decimal

from support.billed_store import LAST, fill
from support.shell import invoke


def test_rows_are_cut_by_the_labels_that_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(fill(tmp_path))
    said = invoke("usage", "--by", "agent,model", "--since", f"{LAST}-01", "--format", "focus").stdout
    rows = list(csv.DictReader(io.StringIO(said)))
    assert {row["Tags"] for row in rows} == {
        '{"agent":"=bot","team":"search"}',
        '{"agent":"=bot","team":"support"}',
        '{"team":"support"}',
        "{}",
    }
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal("0.000855")
