"""Which requests the installed Python package of a maker makes: read from its source, without running it."""

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_VERBS = {"_get": "GET", "_get_api_list": "GET", "_post": "POST", "_put": "PUT", "_patch": "PATCH", "_delete": "DELETE"}


def requests_of(package: str) -> frozenset[tuple[str, str]]:
    """(method, path) of every request in its resources; what stands in braces is an id."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    files = (Path(spec.origin).parent / "resources").rglob("*.py")
    found = frozenset(request for file in files for request in _in(ast.parse(file.read_text("utf-8"))))
    assert len(found) > 20, "the package is made differently now"
    return found


def _in(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VERBS:
            method = next((str(_said(each.value)) for each in node.keywords if each.arg == "method"), "")
            path = _said(node.args[0])
            if path is not None:
                yield method.upper() or _VERBS[node.func.attr], path.partition("?")[0]


def _said(node: ast.expr) -> str | None:
    """A text, or the one that a template is made of; None for what only running would tell."""
    if isinstance(node, ast.Call) and node.args:
        node = node.args[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
