"""Fail if the documentation does not build without a warning, or would fetch anything to be read.

What a page loads (scripts, style sheets, pictures, fonts, frames) must lie beside it; plain
links may lead anywhere.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

LOADING = {"href": {"link"}, "src": set(), "srcset": set(), "poster": set(), "data": {"object"}}
"""Attributes that make a browser load something, and of which elements; of all, if none."""

STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)")
OUTSIDE = re.compile(r"(?:https?:)?//")


class Loads(HTMLParser):
    """Collects the addresses outside of a page that are loaded with it."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at the attributes of an element."""
        if ("rel", "canonical") in attrs:
            return
        for name, value in attrs:
            loads = name in LOADING and (not LOADING[name] or tag in LOADING[name])
            if loads and OUTSIDE.match(value or ""):
                self.addresses.append(f"<{tag} {name}={value}>")
            if name == "style":
                self.addresses += STYLE.findall(value or "")


def outside(site: Path) -> Iterator[str]:
    """Yield what pages and style sheets of a site load from elsewhere."""
    for path in sorted(site.rglob("*.html")):
        page = Loads()
        page.feed(path.read_text(encoding="utf-8"))
        yield from (f"{path.relative_to(site)}: {address}" for address in page.addresses)
    for path in sorted(site.rglob("*.css")):
        for address in STYLE.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: {address}"


def main() -> int:
    """Build into a temporary folder and look at what was built."""
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
            env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            print(ran.stderr, file=sys.stderr)
            return ran.returncode
        pages = len(list(Path(folder).rglob("*.html")))
        addresses = list(outside(Path(folder)))
    for address in addresses:
        print(address, file=sys.stderr)
    print(f"{pages} pages, {len(addresses)} addresses loaded from elsewhere")
    return 1 if addresses or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
