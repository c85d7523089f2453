"""Every path that the makers' own Python packages use for what the gateway governs: in the table, and done as it says."""

import re

import pytest

from support.admin import ask
from support.pages import DOCS
from support.paths_of_packages import requests_of

PAGE = (DOCS / "reference" / "paths.md").read_text("utf-8")
_ROW = re.compile(r"\| `(\w+) (/\S+)` \|.*\| (\w+) \|")
ROWS = _ROW.findall(PAGE)
GOVERNED = {
    "openai": ("/chat/completions", "/responses", "/embeddings", "/models", "/completions", "/batches", "/moderations"),
    "anthropic": ("/v1/messages", "/v1/models"),
}
"""What begins so is in the table."""


@pytest.mark.parametrize("package", GOVERNED)
def test_the_table_has_every_path_that_the_package_uses(package):
    base = "/v1" if package == "openai" else ""
    told = {(method, path) for method, path, _ in ROWS}
    used = {(method, base + path) for method, path in requests_of(package) if path.startswith(GOVERNED[package])}
    assert len(used) > 5
    assert used <= told


def test_the_table_names_nothing_that_no_package_uses():
    used = {(method, f"/v1{path}") for method, path in requests_of("openai")} | requests_of("anthropic")
    assert {(method, path) for method, path, _ in ROWS} <= used


@pytest.mark.parametrize(("method", "path", "said"), ROWS)
def test_the_gateway_does_what_the_table_says(both, method, path, said):
    gateway, _ = both
    answer = ask(gateway, method, re.sub(r"\{\w+\}", "x1", path), {} if method == "POST" else None)
    message = answer.json()["error"]["message"] if answer.status_code != 200 else ""
    refused = "is not offered" in message or f"{path} takes POST" in message
    assert refused == (said == "refused")
    if said == "governed":
        assert (answer.status_code, answer.headers["x-farthing-cost-usd"]) == (400, "0"), "an empty call"
    assert gateway.posted("all") == gateway.open("all") == 0
