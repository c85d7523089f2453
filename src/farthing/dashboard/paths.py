"""Which paths are the dashboard's."""

HOME = "/"
"""Leads to the overview below `PREFIX`: our cookie is sent there only."""
PREFIX = "/dashboard"
FAVICON = "/favicon.ico"


def is_ours(path: str) -> bool:
    return path in (HOME, PREFIX, FAVICON) or path.startswith(f"{PREFIX}/")
