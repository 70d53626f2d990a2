"""The shape of the house, measured: circles, arrows upward, sizes and complexity.

    python scripts/house.py            # what is wrong, and a table of rooms
    python scripts/house.py --json
    python scripts/house.py --root DIR # of another checkout

Every import counts: at the top of a module, inside a function, and for the type checker
alone. `tests/test_house.py` holds the same figures at zero.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

PACKAGE = "mirrorbi"

FLOORS = {
    "_version": 0.0,
    "errors": 0.0,
    "settings": 0.1,
    "storage": 0.5,
    "connections": 0.5,
    "data": 1.0,
    "kernels": 1.0,
    "facts": 2.0,
    "wording": 2.5,
    "privacy": 3.0,
    "bedrock": 4.0,
    "charts": 4.0,
    "narrative": 5.0,
    "analysis": 6.0,
    "reports": 7.0,
    "batch": 8.0,
    "aws": 8.0,
    "cli": 9.0,
    "widgets": 9.0,
    "web": 9.0,
    "testing": 9.0,
    "__init__": 10.0,
    "__main__": 10.0,
}
"""The floor of each room: a room imports only rooms on lower floors."""

LONGEST = 600
"""Lines that a module may have."""

MOST_COMPLEX = 15
"""Branches that a function may have (McCabe, 1976), as ruff's C901 counts them."""


@dataclass(frozen=True)
class House:
    """The modules of a checkout and what each imports.

    Parameters
    ----------
    root
        The folder that holds the package.
    """

    root: Path

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Path of each module, by its dotted name."""
        paths = sorted((self.root / PACKAGE).rglob("*.py"))
        return {dotted(path.relative_to(self.root)): path for path in paths}

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """The syntax tree of each module."""
        return {name: ast.parse(path.read_bytes()) for name, path in self.modules.items()}

    @cached_property
    def imports(self) -> dict[str, frozenset[str]]:
        """The modules of the package that each module imports."""
        return {
            name: frozenset(imported_modules(tree, self.modules.keys())) - {name}
            for name, tree in self.trees.items()
        }

    def circles(self) -> list[list[str]]:
        """Return every set of modules that import one another, by way of others or not.

        The package itself is left out: its table of contents names what every room offers.
        """
        names = [name for name in self.modules if name != PACKAGE]
        place = {name: i for i, name in enumerate(names)}
        arrows = [(place[a], place[b]) for a in names for b in self.imports[a] if b in place]
        rows, columns = zip(*arrows, strict=True)
        matrix = coo_array((np.ones(len(arrows)), (rows, columns)), shape=(len(names),) * 2)
        _, parts = connected_components(matrix, directed=True, connection="strong")
        circles: dict[int, list[str]] = {}
        for name, part in zip(names, parts.tolist(), strict=True):
            circles.setdefault(part, []).append(name)
        return sorted(circle for circle in circles.values() if len(circle) > 1)

    def upward(self) -> list[tuple[str, str]]:
        """Return every import of a room on the same floor or a higher one."""
        arrows = [(name, target) for name in self.modules for target in sorted(self.imports[name])]
        return [(a, b) for a, b in arrows if room(a) != room(b) and floor(b) >= floor(a)]

    def homeless(self) -> list[str]:
        """Return the rooms that the drawing does not know."""
        return sorted({room(name) for name in self.modules} - FLOORS.keys())

    def lines(self) -> dict[str, int]:
        """Return the number of lines of each module."""
        return {n: len(path.read_bytes().splitlines()) for n, path in self.modules.items()}

    def complexity(self) -> dict[str, int]:
        """Return the branches of every function, by ``path:line:function``."""
        return complexities(self.root / PACKAGE)


def dotted(path: Path) -> str:
    """Return the dotted name of a module's path."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(name: str) -> str:
    """Return the room of a module; of the package itself ``__init__``."""
    return name.split(".")[1] if "." in name else "__init__"


def floor(name: str) -> float:
    """Return the floor of a module."""
    return FLOORS.get(room(name), float("nan"))


def imported_modules(tree: ast.AST, modules: Set[str]) -> Iterator[str]:
    """Give those of some modules that a module imports, or imports from.

    ``from package import module`` imports that module; the package itself is imported where
    something else is taken from it.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError("A relative import: name the module in full.")
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in names if name in modules)
            if node.module in modules and not set(names) <= modules:
                yield node.module


def complexities(folder: Path) -> dict[str, int]:
    """Return the branches of every function, by ``path:function``, as ruff counts them."""
    options = ["--select", "C901", "--config", "lint.mccabe.max-complexity=0", "--isolated"]
    command = [sys.executable, "-m", "ruff", "check", *options, "--output-format", "json", "-e"]
    answer = subprocess.run([*command, folder], capture_output=True, text=True, check=True)
    branches: dict[str, int] = {}
    for finding in json.loads(answer.stdout):
        words = re.fullmatch(r"`(.+)` is too complex \((\d+) > 0\)", finding["message"])
        if words is None:
            raise ValueError(f"ruff says {finding['message']!r}, which is read here no more.")
        path = Path(finding["filename"]).relative_to(folder.resolve())
        branches[f"{path}:{finding['location']['row']}:{words[1]}"] = int(words[2])
    return branches


def main() -> int:
    """Print the shape of the house; return 1 if something is wrong with it."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    house = House(options.root)
    lines, complexity = house.lines(), house.complexity()
    shape = {
        "circles": house.circles(),
        "upward": house.upward(),
        "homeless": house.homeless(),
        "too_long": {name: n for name, n in lines.items() if n > LONGEST},
        "too_complex": {name: n for name, n in complexity.items() if n > MOST_COMPLEX},
    }
    if options.json:
        print(json.dumps({**shape, "modules": len(lines), "lines": sum(lines.values())}))
        return int(any(shape.values()))
    rooms: dict[str, list[int]] = {}
    for name, count in lines.items():
        rooms.setdefault(room(name), []).append(count)
    print(f"{'room':<14}{'floor':>6}{'modules':>9}{'lines':>8}{'longest':>9}")
    for name, counts in sorted(rooms.items(), key=lambda pair: -FLOORS.get(pair[0], 0)):
        numbers = f"{len(counts):>9}{sum(counts):>8,}{max(counts):>9}"
        print(f"{name:<14}{FLOORS.get(name, float('nan')):>6g}{numbers}")
    print(f"{'all':<14}{'':>6}{len(lines):>9}{sum(lines.values()):>8,}{max(lines.values()):>9}")
    print(f"\nCircles: {len(shape['circles'])}")
    for circle in house.circles():
        print("  " + ", ".join(circle))
    print(f"Arrows upward: {len(shape['upward'])}")
    for source, target in house.upward():
        print(f"  {source} -> {target}")
    print(f"Modules over {LONGEST} lines: {shape['too_long'] or 'none'}")
    print(f"Functions of more than {MOST_COMPLEX} branches: {shape['too_complex'] or 'none'}")
    return int(any(shape.values()))


if __name__ == "__main__":
    sys.exit(main())
