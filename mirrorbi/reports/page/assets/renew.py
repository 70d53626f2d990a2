"""Renew the drawing library that reports carry.

    python mirrorbi/reports/page/assets/renew.py 4.1.1

Fetches plotly.js's basic and cartesian builds of that version with ``npm pack`` (which
checks the registry's integrity hash), checks that they are what they say, compresses them
without a time stamp and writes them here with their licence and a description. Compresses
with zopfli where that is installed (``pip install zopfli``), which saves 4 %, else with
gzip. The same input and compressor give the same bytes.
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
from typing import Any

BUILDS = ("basic", "cartesian")
"""Smallest first: the order in which a report tries them."""

HERE = Path(__file__).parent


def main(version: str) -> None:
    """Fetch, check, compress and write."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise SystemExit(f"{version!r} is not a version: write three numbers, such as 4.1.1.")
    builds = [_fetch(build, version) for build in BUILDS]
    for build, compressed, licence in builds:
        _write(build["file"], compressed)
        _write("plotly-LICENSE.txt", licence)
        sys.stdout.write(
            f"{build['name']}: {build['bytes']:,} bytes, {len(compressed):,} compressed\n"
        )
    index = {"version": version, "licence": "MIT", "builds": [build for build, _, _ in builds]}
    _write("plotly-bundle.json", (json.dumps(index, indent=2) + "\n").encode())


def _fetch(build: str, version: str) -> tuple[dict[str, Any], bytes, bytes]:
    """Return the description, the compressed script and the licence of a build."""
    package, script = f"plotly.js-{build}-dist-min", f"plotly-{build}.min.js"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603
            ["npm", "pack", f"{package}@{version}", "--silent"],  # noqa: S607
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with tarfile.open(Path(folder) / f"{package}-{version}.tgz") as archive:
            package_json = json.loads(_read(archive, "package/package.json"))
            licence = _read(archive, "package/LICENSE")
            readme = _read(archive, "package/README.md").decode()
            raw = _read(archive, f"package/{script}")
    if package_json["version"] != version or f"v{version}".encode() not in raw[:200]:
        raise SystemExit(f"The package {package} does not hold version {version}.")
    if package_json["license"] != "MIT" or not licence.startswith(b"MIT License"):
        raise SystemExit("The licence is no longer MIT: read it before you go on.")
    compressed, compressor = _compress(raw)
    if gzip.decompress(compressed) != raw:
        raise SystemExit("The compressed script does not give the script back.")
    match = re.search(r"Contains trace modules (.*)\.", readme)
    if not match:
        raise SystemExit(f"The README of {package} no longer lists its trace types.")
    description = {
        "name": package,
        "source": f"npm:{package}@{version}",
        "file": f"{script}.gz",
        "traces": sorted(re.findall(r"`(\w+)`", match[1])),
        "compressor": compressor,
        "bytes": len(raw),
        "bytes_gz": len(compressed),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "sha256_gz": hashlib.sha256(compressed).hexdigest(),
    }
    return description, compressed, licence


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
