"""The shape of the code, tested like any other promise. Lists of exceptions here only get shorter."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "farthing"
MODULES = sorted(path for path in SOURCE.rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CORE = {
    module.removeprefix("farthing.")
    for contract in PROJECT["tool"]["importlinter"]["contracts"]
    for module in contract.get("source_modules", ())
}
"""The rooms that do no I/O, as the import rules name them."""

LONGEST_FILE = 300
LONGEST_FUNCTION = 60
MOST_DEPENDENCIES = 10
MOST_MODULES_ON_IMPORT = 12

WITHOUT_TWIN = {
    "ports": "declarations; each has a contract suite under tests/contracts instead",
    "domain/errors.py": "declarations",
    "domain/hold.py": "values; their arithmetic is tested through budget/book",
    "domain/record.py": "declarations",
    "domain/price.py": "declarations; tested through pricing/cost",
    "domain/model.py": "declarations",
    "domain/key.py": "declarations",
    "domain/refusal.py": "declarations; rendered and tested in wire",
    "wire/dialect.py": "declarations",
    "call/arrival.py": "declarations; tested through tests/call/test_drive.py",
    "call/states.py": "declarations; walked in tests/call/test_drive.py",
    "call/desk.py": "declarations",
}


def in_source(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=in_source)
def test_a_file_has_one_subject_and_says_what_it_is_for(path: Path):
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE, f"{in_source(path)} is longer than {LONGEST_FILE} lines: split it"
    assert ast.get_docstring(parsed(path)), f"{in_source(path)} does not say what it is for"


@pytest.mark.parametrize("path", MODULES, ids=in_source)
def test_functions_fit_on_a_screen(path: Path):
    functions = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    long = [f.name for f in functions if (f.end_lineno or 0) - f.lineno + 1 > LONGEST_FUNCTION]
    assert not long, f"{in_source(path)}: {long} are longer than {LONGEST_FUNCTION} lines"


@pytest.mark.parametrize("path", MODULES, ids=in_source)
def test_names_say_what_a_file_is_about(path: Path):
    assert not set(path.relative_to(SOURCE).parts) & {"utils.py", "helpers.py", "common.py", "manager.py", "misc.py"}
    assert not re.search(r"_v\d+\.py$", path.name)


@pytest.mark.parametrize("path", [p for p in MODULES if p.name not in ("__init__.py", "__main__.py")], ids=in_source)
def test_every_module_has_a_twin_among_the_tests(path: Path):
    name = in_source(path)
    if name in WITHOUT_TWIN or name.split("/")[0] in WITHOUT_TWIN:
        return
    folder = ROOT / "tests" / path.relative_to(SOURCE).parent
    stem = path.stem
    candidates = [folder / f"test_{stem}.py", *folder.glob(f"test_{stem}_*.py")]
    named = any(candidate.exists() for candidate in candidates)
    assert named, f"{name} has no tests/{path.relative_to(SOURCE).parent.as_posix()}/test_{stem}.py"


def test_the_list_of_modules_without_a_twin_is_no_longer_than_it_must_be():
    stale = [name for name in WITHOUT_TWIN if not (SOURCE / name).exists()]
    assert not stale


@pytest.mark.parametrize("path", [p for p in MODULES if in_source(p).split("/")[0] in CORE], ids=in_source)
def test_the_core_reads_no_clock(path: Path):
    """Import rules keep out `time` and `random`; this keeps out `datetime.now()` and its kin."""
    calls = [
        node.func.attr
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    assert not set(calls) & {"now", "today", "utcnow"}, (
        f"{in_source(path)} reads the clock: take the time as an argument"
    )


@pytest.mark.parametrize("path", MODULES, ids=in_source)
def test_nothing_is_executed_from_data(path: Path):
    tree = parsed(path)
    names = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not names & {"eval", "exec", "compile", "__import__"}
    assert not imports & {"pickle", "marshal", "shelve"}


@pytest.mark.parametrize("path", [p for p in MODULES if "stores" in p.parts], ids=in_source)
def test_sql_is_never_put_together_from_values(path: Path):
    for node in ast.walk(parsed(path)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("execute", "executemany")
        ):
            assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), (
                f"{in_source(path)}:{node.lineno}: bind values instead"
            )


def test_imports_point_down_and_the_core_does_no_io():
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


def imported_by(path: Path, known: set[str]) -> set[str]:
    """The modules that a file names, wherever in it: within functions and for type checkers too."""
    named = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.ImportFrom) and node.module]
    every = {(node.module, f"{node.module}.{name.name}") for node in named for name in node.names}
    return {inner if inner in known else outer for outer, inner in every} & known - {"farthing"}


def test_no_import_goes_in_a_circle_not_even_where_a_function_hides_it():
    known = set(map(module_of, MODULES))
    TopologicalSorter({module_of(path): imported_by(path, known) for path in MODULES}).prepare()


def test_dependencies_are_few_and_each_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text()
    needed = PROJECT["project"]["dependencies"]
    assert len(needed) <= MOST_DEPENDENCIES
    block = text.split("\ndependencies = [")[1].split("\n]")[0]
    for line in filter(None, (line.strip() for line in block.splitlines())):
        assert "#" in line, f"say why: {line}"
    assert not any("litellm" in name for name in needed)


def test_importing_farthing_loads_next_to_nothing():
    script = "import sys; before = set(sys.modules); import farthing; print(len(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(run.stdout) <= MOST_MODULES_ON_IMPORT


def test_nothing_in_the_tree_names_a_registry():
    registries = re.compile(r"(pypi|pythonhosted|npmjs|debian)\.org/")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".gz", ".woff2"} and path != Path(__file__):
            assert not registries.search(path.read_text(errors="ignore")), name
