"""The shape of the house: floors, circles, sizes, tables of data, and what an import costs."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mirrorbi

ROOT = Path(mirrorbi.__file__).parent


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.fixture(scope="module")
def house() -> Any:
    """The house as `scripts/house.py` measures it."""
    spec = importlib.util.spec_from_file_location("house", ROOT.parent / "scripts" / "house.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["house"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ours(house: Any) -> Any:
    """This checkout."""
    return house.House(ROOT.parent)


def test_no_room_imports_from_its_own_floor_or_one_above(ours: Any) -> None:
    assert ours.upward() == []


def test_every_room_is_in_the_drawing(ours: Any) -> None:
    assert ours.homeless() == []


def test_no_modules_import_one_another(ours: Any) -> None:
    assert ours.circles() == []


def test_modules_and_functions_are_read_in_one_sitting(house: Any, ours: Any) -> None:
    assert {name: n for name, n in ours.lines().items() if n > house.LONGEST} == {}
    assert {name: n for name, n in ours.complexity().items() if n > house.MOST_COMPLEX} == {}


def test_what_is_wrong_with_a_house_is_seen(house: Any, tmp_path: Path) -> None:
    for name, text in {
        "errors.py": "def f():\n    from mirrorbi import facts\n",
        "facts/__init__.py": "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from mirrorbi.facts.a import A\n",
        "facts/a.py": "from mirrorbi.facts import B\n",
        "attic/__init__.py": "def f(x):\n" + "    if x: return 1\n" * 16 + "x = 1\n" * 600,
    }.items():
        path = tmp_path / "mirrorbi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    built = house.House(tmp_path)
    assert built.upward() == [("mirrorbi.errors", "mirrorbi.facts")]
    assert built.circles() == [["mirrorbi.facts", "mirrorbi.facts.a"]]
    assert built.homeless() == ["attic"]
    assert built.lines()["mirrorbi.attic"] > house.LONGEST
    assert sorted(built.complexity().values()) == [1, 17]


def test_the_table_of_contents_is_sorted_and_every_name_is_there():
    assert mirrorbi.__all__ == sorted(mirrorbi.__all__)
    for name in mirrorbi.__all__:
        assert getattr(mirrorbi, name) is not None


def test_importing_the_package_imports_nothing_heavy():
    heavy = ["pandas", "ibis", "duckdb", "scipy", "plotly", "papermill", "nbconvert", "babel"]
    code = f"import sys, mirrorbi; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


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


MEMORIES = {
    "connections/boto_session.py: _clients": "the key holds all that a client is made from",
    "data/engine/scratch.py: _mine": "where temporary data lies, which no answer says",
    "privacy/dimensions.py: _PERSONAL": "follows from data and model",
    "privacy/disclosure_control/counts.py: _COUNTS": "follows from the data",
    "privacy/gate.py: _PERSONS": "follows from data, model and policy",
    "privacy/session.py: _OF_RUNS": "the sessions themselves: what a run has said",
}
"""What modules keep between calls, and why no answer depends on it unseen."""

_CONTAINERS = {"dict", "list", "set", "OrderedDict", "defaultdict", "Counter", "deque"}
_CONTAINERS |= {"WeakKeyDictionary", "WeakValueDictionary", "WeakSet"}


def is_filled_later(value):
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in _CONTAINERS and not value.args and not value.keywords
    return isinstance(value, ast.Dict | ast.List) and not ast.unparse(value).strip("[]{}")


def test_what_modules_remember_between_calls_is_known_and_changes_no_answer():
    found = set()
    for path in ROOT.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not any(isinstance(node, ast.Global) for node in ast.walk(tree)), path
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and is_filled_later(node.value):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                found.add(f"{path.relative_to(ROOT).as_posix()}: {ast.unparse(target)}")
    assert found == set(MEMORIES)
