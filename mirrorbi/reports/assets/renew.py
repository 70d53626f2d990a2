"""Renew the drawing library that reports carry.

    python mirrorbi/reports/assets/renew.py 4.1.1

Fetches plotly.js's cartesian bundle of that version with ``npm pack`` (which checks the
registry's integrity hash), checks that it is what it says, compresses it without a time
stamp and writes it here with its licence and a description. Compresses with zopfli where
that is installed (``pip install zopfli``), which saves 4 %, else with gzip. The same
input and compressor give the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "plotly.js-cartesian-dist-min"
SCRIPT = "plotly-cartesian.min.js"
HERE = Path(__file__).parent


def main(version: str) -> None:
    """Fetch, check, compress and write."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise SystemExit(f"{version!r} is not a version: write three numbers, such as 4.1.1.")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603
            ["npm", "pack", f"{PACKAGE}@{version}", "--silent"],  # noqa: S607
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with tarfile.open(Path(folder) / f"{PACKAGE}-{version}.tgz") as archive:
            described = json.loads(_read(archive, "package/package.json"))
            licence = _read(archive, "package/LICENSE")
            readme = _read(archive, "package/README.md").decode()
            raw = _read(archive, f"package/{SCRIPT}")
    if described["version"] != version or f"v{version}".encode() not in raw[:200]:
        raise SystemExit(f"The package does not hold version {version}.")
    if described["license"] != "MIT" or not licence.startswith(b"MIT License"):
        raise SystemExit("The licence is no longer MIT: read it before you go on.")
    small, compressor = _compress(raw)
    if gzip.decompress(small) != raw:
        raise SystemExit("The compressed bundle does not give the script back.")
    listed = re.search(r"Contains trace modules (.*)\.", readme)
    if not listed:
        raise SystemExit("The package's README no longer lists its trace types.")
    about = {
        "name": PACKAGE,
        "version": version,
        "licence": "MIT",
        "source": f"npm:{PACKAGE}@{version}",
        "traces": sorted(re.findall(r"`(\w+)`", listed[1])),
        "compressor": compressor,
        "bytes": len(raw),
        "bytes_gz": len(small),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "sha256_gz": hashlib.sha256(small).hexdigest(),
    }
    _write(f"{SCRIPT}.gz", small)
    _write("plotly-LICENSE.txt", licence)
    _write("plotly-bundle.json", (json.dumps(about, indent=2) + "\n").encode())
    sys.stdout.write(f"{PACKAGE} {version}: {len(raw):,} bytes, {len(small):,} compressed\n")


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    if member is None:
        raise SystemExit(f"The package has no file {name!r}.")
    return member.read()


def _compress(raw: bytes) -> tuple[bytes, str]:
    if importlib.util.find_spec("zopfli") is None:
        return gzip.compress(raw, compresslevel=9, mtime=0), "gzip"
    zopfli = importlib.import_module("zopfli.gzip")
    return bytes(zopfli.compress(raw, numiterations=15)), "zopfli"


def _write(name: str, content: bytes) -> None:
    partial = HERE / f".{name}.partial"
    partial.write_bytes(content)
    partial.replace(HERE / name)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
