"""Fail if the sample report is not what the code makes.

Versions of packages may differ from those the sample was made with; everything else, from
the facts to the last label of a chart, may not. `python .ci/sample.py --renew` makes it anew.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

import mirrorbi

SAMPLE = Path("reports/sample/kpi_review.html")
NOTEBOOK = Path("notebooks/kpi_review.ipynb")
MANIFEST = re.compile(r'(<script type="application/json" id="mirrorbi-manifest">)(.*?)(</script>)')
BUNDLE = re.compile(r"[A-Za-z0-9+/=]{20000,}")


def content(page: Path) -> list[str]:
    """Return what a page says, as lines, without versions and the drawing library."""
    html = page.read_text(encoding="utf-8")
    match = MANIFEST.search(html)
    if match is None:
        raise SystemExit(f"{page} has no manifest")
    manifest = json.loads(match.group(2))
    versions = manifest.pop("versions")
    manifest_lines = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).splitlines()
    body = BUNDLE.sub("(bundle)", html[: match.start()] + html[match.end() :])
    for name, version in versions.items():
        body = re.sub(rf"({re.escape(name)}\W+){re.escape(version)}", r"\1(version)", body)
    lines = [*manifest_lines, *body.splitlines()]
    return [re.sub(r"duckdb \d[\w.]*", "duckdb (version)", line) for line in lines]


def main() -> int:
    """Make the report and compare, or put it in place."""
    with tempfile.TemporaryDirectory() as folder:
        report = mirrorbi.run(NOTEBOOK, output=folder).report
        if "--renew" in sys.argv:
            SAMPLE.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(report, SAMPLE)
            print(f"{SAMPLE} renewed")
            return 0
        old, new = content(SAMPLE), content(report)
    if old == new:
        print(f"{SAMPLE} is what the code makes")
        return 0
    for line in list(difflib.unified_diff(old, new, "sample", "made", n=0, lineterm=""))[:40]:
        print(line[:300], file=sys.stderr)
    print("The sample differs. Renew it: python .ci/sample.py --renew", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
