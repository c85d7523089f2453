"""Runs the official FOCUS 1.2 validator over a sample export with a row of every kind, and writes its report for the docs.

By hand, because it needs Python 3.12 or newer and packages of its own:

    .venv/bin/python tools/validate_focus.py --python python3.12

Traps: a bare `pip install focus-validator` on Python 3.11 resolves to a broken 1.0.0; it needs `pyarrow<20` beside numpy 1.26;
without a network it finds its rules only where it is started in its own `site-packages`.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from farthing.billing.books import Bill
from farthing.billing.export_text import focus_csv
from farthing.billing.focus import focus_rows
from farthing.billing.month import span_of
from farthing.ports.billing import OTHER, BillLine, BillTerms

REPORT = Path(__file__).parent.parent / "docs" / "reference" / "focus-1.2-validation.md"
NEEDS = ("focus-validator==2.2.1", "pyarrow<20", "numpy<2")
RULES = "1.2.0.1"
CRITERIA = (
    "ACCOUNT_NAMING_SUPPORTED",
    "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
    "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
    "NEGOTIATED_PRICING_SUPPORTED",
    "PUBLIC_PRICE_LIST_SUPPORTED",
    "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
    "SUB_ACCOUNT_SUPPORTED",
    "TAGGING_SUPPORTED",
    "UNIT_PRICING_SUPPORTED",
    "USAGE_MEASUREMENT_SUPPORTED",
)
MONTH = "2026-10"
METERS = {
    "input": 2_500_000,
    "cache_read": 1_250_000,
    "cache_write_5m": 3_750_000,
    "cache_write_1h": 6_000_000,
    "audio_input": 40_000_000,
    "output": 10_000_000,
    "web_search": 10_000_000_000,
    "request": 5_000_000,
}
LUMPS = {"rounding": 999, "estimated": 7_000_000, "unexplained": 12_000_000, "unpriced": 0}
EXPLAINED = {
    "InvoiceId-C-004-C": (
        "wants InvoiceId to be null, without any condition, while InvoiceId-C-005-C wants it not to be null, without any "
        "condition: one of the two fails in every file. The text of the specification lets a charge carry the id of an "
        "invoice that is still to come, and so we do"
    ),
}


def main() -> None:
    """Make the sample, run the validator, write the report."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--python", required=True, help="a Python of 3.12 or newer")
    asked.add_argument("--venv", type=Path, help="an environment that has the validator already")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.csv"
        rows = list(focus_rows(sample_bill(), "1.2", book="sample"))
        sample.write_text("".join(focus_csv(rows, "1.2")), encoding="utf-8")
        venv = given.venv or made_venv(given.python, Path(folder) / "venv")
        REPORT.write_text(report(run(venv, sample), len(rows)), encoding="utf-8")
    print(f"written: {REPORT}")


def sample_bill() -> Bill:
    """A row of every kind: each meter, at list and at contract price, tiers, teams, what has no price, costs beside models,
    corrections."""
    own = [_line(meter, each, "support") for meter, each in METERS.items()]
    agreed = [_line(meter, each, "search", paid=each * 4 // 5, tier="batch") for meter, each in METERS.items()]
    lumps = [_line(meter, 0, team, picos=picos) for meter, picos in LUMPS.items() for team in ("support", "")]
    late = [_line("input", 2_500_000, "support", quantity=-40, corrects="2026-09")]
    late.append(_line("estimated", 0, "support", picos=-500_000, corrects="2026-09"))
    others = [_beside(kind, team) for kind in ("search", "compute", "storage", "tool") for team in ("support", "")]
    others.append(_beside("search", "support", corrects="2026-09"))
    return Bill(month=MONTH, terms=BillTerms(), lines=(*own, *agreed, *lumps, *late, *others))


def _beside(kind: str, team: str, **more: object) -> BillLine:
    """A cost beside models."""
    return _line(OTHER + kind, 0, team, picos=5_000_000, provider="", model="", **more)


def _line(
    meter: str, listed: int, team: str, *, paid: int | None = None, picos: int | None = None, **more: object
) -> BillLine:
    each = listed if paid is None else paid
    quantity = int(str(more.pop("quantity", 1_201 if picos is None else int(meter == "unpriced"))))
    opens = span_of(MONTH)[0]
    given = {"tier": "", "labels": (team, "bot" if team else "", ""), "provider": "openai", "model": "gpt-4o", **more}
    return BillLine(
        start_ms=opens,
        end_ms=opens + 86_400_000,
        meter=meter,
        each=each,
        list_each=listed,
        quantity=quantity,
        picos=quantity * each if picos is None else picos,
        requests=int(bool(given["model"])),
        **given,  # type: ignore[arg-type]
    )


def made_venv(python: str, folder: Path) -> Path:
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(folder / "bin" / "pip"), "install", "-q", *NEEDS], check=True)
    return folder


def run(venv: Path, sample: Path) -> str:
    """What the validator prints."""
    (home,) = venv.resolve().glob("lib/python3*/site-packages")
    command = [str(venv.resolve() / "bin" / "focus-validator"), "--data-file", str(sample), "--validate-version", RULES]
    options = ["--block-download", "--applicability-criteria", ",".join(CRITERIA)]
    done = subprocess.run([*command, *options], cwd=home, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def report(printed: str, rows: int) -> str:
    """The page of the docs. Exits where the validator said nothing that can be read."""
    total = re.search(r"Total: (\d+) \| Pass: (\d+) \| Fail: (\d+) \| Skipped: (\d+)", printed)
    if total is None:
        sys.exit(f"the validator did not come to an end:\n{printed[-2_000:]}")
    every, passed, failed, skipped = total.groups()
    rules = sorted(set(re.findall(r"❌ (\S+): FAIL", printed)))
    lines = [f"| `{rule}` | {EXPLAINED.get(rule, 'not explained yet')} |" for rule in rules]
    return f"""# FOCUS 1.2, by the official validator

`focus-validator` 2.2.1 with its rules {RULES}, over a sample of {rows} rows with a row of every kind that
[an export](focus.md) can have: `tools/validate_focus.py` makes the sample, runs the validator and writes this page.

| rules | passed | failed | skipped |
|---|---|---|---|
| {every} | {passed} | {failed} | {skipped} |

Skipped are rules that the validator does not evaluate itself, and those for what we declare not to have (commitment discounts, capacity
reservations, regions, virtual currencies). Declared are: {", ".join(f"`{each}`" for each in CRITERIA)}.

## Rules that fail

| rule | why |
|---|---|
{chr(10).join(lines) or "| none | |"}

FOCUS 1.4 is validated by `focus-data-toolkit` in every run of the tests; the official validator has no rules for it yet.
"""


if __name__ == "__main__":
    main()
