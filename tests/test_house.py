"""The shape of the house: floors, names and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mirrorbi

ROOT = Path(mirrorbi.__file__).parent
FLOORS = {
    "errors": 0,
    "settings": 0.5,
    "_version": 0,
    "storage": 0.7,
    "connections": 0.7,
    "data": 1,
    "facts": 2,
    "wording": 2.05,
    "privacy": 2.1,
    "analysis": 4.5,
    "charts": 3,
    "bedrock": 3,
    "kernels": 1.5,
    "narrative": 4,
    "reports": 5,
    "cli": 6,
    "testing": 6,
    "__init__": 7,
    "__main__": 7,
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module):
    return module.removeprefix("mirrorbi").strip(".").split(".")[0]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_room_imports_from_a_floor_above(path):
    here = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for name in imports(path):
        there = room(name) if name.startswith("mirrorbi.") else None
        if there and there != here and there in FLOORS:
            assert FLOORS[there] < FLOORS[here], f"{here} imports {name}"


def test_the_table_of_contents_is_sorted_and_every_name_is_there():
    assert mirrorbi.__all__ == sorted(mirrorbi.__all__)
    for name in mirrorbi.__all__:
        assert getattr(mirrorbi, name) is not None


def test_importing_the_package_imports_nothing_heavy():
    heavy = ["pandas", "ibis", "duckdb", "scipy", "plotly", "papermill", "nbconvert", "babel"]
    code = f"import sys, mirrorbi; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_package_is_no_more_than_modules_of_one_noun():
    long = {
        str(path.relative_to(ROOT)): count
        for path in ROOT.rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 600
    }
    assert long == {}


# What holds or gives a table, its engine or its rows.
TABLES = {
    *("connect", "fetch", "line", "lines", "begin_line", "Backend", "EngineQueries", "CubeCache"),
    *("build", "profile", "begin_profile", "sample_values", "sample_members", "rare_values"),
    *("open_source", "fingerprint", "draft_model"),
}
ENGINES = {"ibis", "duckdb", "sqlglot", "pyarrow"}
DATASETS = {"dataset", "ds", "data", "analysis", "origin", "opened", "source", "guard"}
METHODS = {"get_backend", "raw_sql", "to_pyarrow", "_table", "_opened", "opened"}


def touches(path):
    """Yield what a module does that only data/ may do: with an engine, or a table of the data."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mirrorbi.data"):
            yield from (f"imports {alias.name}" for alias in node.names if alias.name in TABLES)
        elif isinstance(node, ast.Attribute):
            owner = getattr(node.value, "attr", getattr(node.value, "id", ""))
            if node.attr in METHODS or (node.attr == "table" and owner in DATASETS):
                yield f"line {node.lineno}: .{node.attr}"
    for name in imports(path):
        if name.split(".")[0] in ENGINES:
            yield f"imports {name}"


def test_nothing_outside_data_touches_an_engine_or_a_table():
    outside = [path for path in ROOT.rglob("*.py") if not path.is_relative_to(ROOT / "data")]
    assert {str(path.relative_to(ROOT)): f for path in outside if (f := list(touches(path)))} == {}


def test_what_touches_a_table_is_found(tmp_path):
    module = tmp_path / "module.py"
    for line in (
        "import ibis",
        "from duckdb import connect",
        "from mirrorbi.data.ingest.sources import open_source",
        "rows = dataset.table",
        "rows = self.dataset._table",
        "rows = facts.origin.opened",
        "rows = anything.get_backend()",
    ):
        module.write_text(line, encoding="utf-8")
        assert list(touches(module)), line
    module.write_text("from mirrorbi.data.query import Query\nrows = fact.table.rows", "utf-8")
    assert not list(touches(module))
