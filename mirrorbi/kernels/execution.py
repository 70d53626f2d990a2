"""One execution of a notebook: what the engine is given for it, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mirrorbi.kernels.kernel import Kernel


def cell_number(_notebook: Any, index: int) -> str:
    """Return where a cell is: ``"cell 5"``."""
    return f"cell {index + 1}"


@dataclass
class Execution:
    """What the engine is given beside the notebook, and the notebook that it leaves.

    Parameters
    ----------
    kernel
        Where the cells run; ``None`` starts one.
    on_cell
        Called before each code cell with the notebook and the cell's index.
    place_of
        Says in words where a cell is, from the same two.
    clean
        Called with the executed notebook before it is kept, also after a failure.
    notebook
        The executed notebook, also after a failure; set by the engine.
    """

    kernel: Kernel | None = None
    on_cell: Callable[[Any, int], object] | None = None
    place_of: Callable[[Any, int], str] = cell_number
    clean: Callable[[Any], object] | None = None
    notebook: Any = None
