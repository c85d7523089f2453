"""The ledger's SQL, one atomic act a file, read once."""

from functools import cache
from pathlib import Path


@cache
def sql(name: str) -> str:
    """The statement in `sql/<name>.sql`, without its comments."""
    text = (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))
