"""Fail if the page of commands is not what the command line says of itself.

`python .ci/commands.py --renew` writes it anew.
"""

from __future__ import annotations

import difflib
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path("docs/commands.md")
TYPER = ("typer", "mirrorbi.cli.app", "utils", "docs", "--name", "mirrorbi", "--title", "Commands")


def main() -> int:
    """Write the page and compare, or put it in place."""
    with tempfile.TemporaryDirectory() as folder:
        page = PAGE if "--renew" in sys.argv else Path(folder) / PAGE.name
        subprocess.run(
            [sys.executable, "-m", *TYPER, "--output", str(page)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        old, new = PAGE.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")
    if old == new:
        print(f"{PAGE} is what the commands say")
        return 0
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), "page", "commands", lineterm=""
    )
    print(*lines, sep="\n", file=sys.stderr)
    print("The page differs. Renew it: python .ci/commands.py --renew", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
