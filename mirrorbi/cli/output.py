"""How the command line speaks: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from mirrorbi.errors import MirrorBIError

_WIDTH = 80

_NARROW = 20
"""Width down to which a column of words is set, broken over lines."""

_BETWEEN = 3
"""Width between two columns."""


def print_line(text: str = "") -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")


def print_json(value: Any) -> None:
    """Print the result as JSON."""
    print_line(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_error(error: MirrorBIError) -> None:
    """Print an error and what to do about it on stderr."""
    word = "\x1b[31merror:\x1b[0m" if coloured(sys.stderr) else "error:"
    hint = f"\n{error.hint}" if error.hint else ""
    sys.stderr.write(f"{word} {error.what.rstrip()}{hint}\n")


def print_fault(error: Exception) -> None:
    """Print on stderr that the program failed: which error and where, not what it says.

    The message of an error that is not ours may quote a cell of the data.
    """
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "mirrorbi" in frame.filename] or frames
    place = f" in {Path(ours[-1].filename).name}, line {ours[-1].lineno}" if ours else ""
    fault = MirrorBIError(
        f"MirrorBI failed: {type(error).__name__}{place}.",
        hint="Run it again with 'mirrorbi --debug' to see all of it, which may quote your data.",
    )
    print_error(fault)


def coloured(stream: TextIO) -> bool:
    """Return whether colour is wanted there: on a terminal, and not where NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()
) -> None:
    """Print a table that fits the terminal, 80 columns where there is none.

    Words break over lines and figures never do. What is too wide even so is printed as
    several tables below one another, each with the columns that are no numbers.

    Parameters
    ----------
    columns
        The headings.
    rows
        Text; control characters are taken out.
    numbers
        Indexes of columns set flush right.
    """
    from rich.cells import cell_len

    lines = [[printable(cell) for cell in row] for row in rows]
    width = shutil.get_terminal_size((_WIDTH, 24)).columns if sys.stdout.isatty() else _WIDTH
    min_widths = []
    for i, head in enumerate(columns):
        cells = [line[i] for line in lines]
        # A figure stays whole; words may break over lines.
        parts = cells if i in numbers else [word for cell in cells for word in cell.split()]
        min_width = max(map(cell_len, [*head.split(), *parts]), default=0)
        min_widths.append(min_width if i in numbers else min(min_width, _NARROW))
    for number, block in enumerate(_blocks(min_widths, set(numbers), width)):
        if number:
            print_line()
        _print_block([(columns[i], min_widths[i], i in numbers) for i in block],
                     [[line[i] for i in block] for line in lines], width)  # fmt: skip


def _blocks(min_widths: Sequence[int], numbers: set[int], width: int) -> list[list[int]]:
    """Return the columns of the tables that a table is printed as."""
    text_columns = [i for i in range(len(min_widths)) if i not in numbers]
    blocks = [list(text_columns)]
    for i in sorted(numbers):
        block_width = sum(min_widths[j] for j in (*blocks[-1], i)) + _BETWEEN * len(blocks[-1])
        if block_width > width and len(blocks[-1]) > len(text_columns):
            blocks.append(list(text_columns))
        blocks[-1].append(i)
    return [sorted(block) for block in blocks]


def _print_block(
    columns: Sequence[tuple[str, int, bool]], rows: Sequence[Sequence[str]], width: int
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for name, min_width, number in columns:
        table.add_column(
            Text(name),
            justify="right" if number else "left",
            min_width=min_width,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*map(Text, row))
    needed = sum(min_width for _, min_width, _ in columns) + _BETWEEN * (len(columns) - 1)
    console = Console(width=max(width, needed), no_color=not coloured(sys.stdout), highlight=False)
    console.print(table)


def printable(text: str) -> str:
    r"""Return a text without control characters, which could move a terminal's cursor.

    Examples
    --------
    >>> printable("a\x1b[2Jb")
    'a [2Jb'
    """
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


class ProgressLine:
    """One line of progress on a terminal, rewritten in place; silent elsewhere."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def __call__(self, text: str) -> None:
        """Show a text instead of the one before."""
        if self.shown:
            room = shutil.get_terminal_size((_WIDTH, 24)).columns - 1
            sys.stderr.write(f"\r\x1b[2K{printable(text)[:room]}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        self("")
        if self.shown:
            sys.stderr.write("\r")


def pairs_of(texts: Sequence[str], option: str) -> Mapping[str, str]:
    """Return ``name=value`` texts as a mapping.

    Raises
    ------
    ParameterError
        If one has no name or no equals sign.
    """
    from mirrorbi.errors import ParameterError

    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ParameterError(
                f"{option} {text!r} is not name=value.", hint=f"Write {option} period=2013-12."
            )
        pairs[name.strip()] = value
    return pairs
