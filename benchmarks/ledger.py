"""Time per entry of the ledger, on the disk before it returns.

    python benchmarks/ledger.py                     # 300 calls, beside a bare fsync
    python benchmarks/ledger.py --folder /mnt/other --calls 1000

An entry is a line written and flushed to the disk, then the head replaced and flushed too.
A call has two entries. The payload is that of a report: 40 facts, 24 kB. The bare write
beside it is what the disk itself takes for the same bytes. Medians count: other programs
that use the disk meanwhile lengthen the tail, and the ledger cannot be quicker than two
flushes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mirrorbi.privacy.disclosure import Disclosure, _sealed, canonical
from mirrorbi.privacy.ledger import FileLedger, Intent, Outcome, verify_ledger
from mirrorbi.privacy.policy import Policy

TARGET = 5.0


def payload(policy: Policy, number: int) -> Disclosure:
    fact = {"kind": "change", "metric": "On-time rate", "shown": "64.7 %", "text": "x" * 540}
    body = canonical({"facts": [{**fact, "name": f"f{n}"} for n in range(40)], "number": number})
    return Disclosure("facts", body, policy.sha256, sealed=_sealed("facts", body, policy.sha256))


def write(folder: Path, calls: int, policy: Policy, *, fresh: bool) -> list[float]:
    """Return milliseconds per entry."""
    ledger = FileLedger(folder)
    disclosure = payload(policy, 0)
    times = []
    for number in range(calls):
        if fresh:
            disclosure = payload(policy, number)
        intent = Intent("run", "ana", "narrative", "claude", ("eu-west-1",), (disclosure,), policy)
        began = time.perf_counter()
        entry = ledger.open(intent)
        between = time.perf_counter()
        ledger.close(entry, Outcome(request_id="r", input=9000, output=900))
        times += [1000 * (between - began), 1000 * (time.perf_counter() - between)]
    return times


def bare_writes(folder: Path, entries: int, size: int) -> list[float]:
    """Return milliseconds for a write and a flush of the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    times = []
    with (folder / "bare").open("wb", buffering=0) as file:
        for _ in range(entries):
            began = time.perf_counter()
            file.write(b"x" * size)
            os.fsync(file.fileno())
            times.append(1000 * (time.perf_counter() - began))
    return times


def concurrent_writes(folder: Path, calls: int) -> list[float]:
    """Return milliseconds per entry of one of two processes that write at once."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import ledger as b; "
        "from pathlib import Path; from mirrorbi.privacy.policy import Policy; "
        "print(*b.write(Path(sys.argv[2]), int(sys.argv[3]), Policy(), fresh=True))"
    )
    words = [sys.executable, "-c", code, str(Path(__file__).parent), str(folder), str(calls)]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    return [float(part) for p in running for part in p.communicate()[0].split()]


def line(name: str, times: list[float]) -> str:
    in_order = sorted(times)
    tail = in_order[int(0.95 * (len(in_order) - 1))]
    return (
        f"{name:<44}{len(times):>8,}{statistics.median(times):>10.2f}{tail:>10.2f}"
        f"{statistics.mean(times):>10.2f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--folder", type=Path, help="On the disk to be measured.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder or Path.cwd()) as name:
        folder = Path(name)
        own = write(folder / "full", arguments.calls, Policy(), fresh=True)
        print(f"{'':<44}{'entries':>8}{'median':>10}{'95 %':>10}{'mean ms':>10}")
        print(line("a write and a flush, 24 kB", bare_writes(folder, arguments.calls, 24_000)))
        print(line("entry, payload of 24 kB kept whole", own[::2]))
        print(line("entry after the call", own[1::2]))
        hashed = write(folder / "hash", arguments.calls, Policy(retention="hash"), fresh=True)
        print(line("entry, payload kept by its hash", hashed[::2]))
        print(
            line("two processes at once", concurrent_writes(folder / "two", arguments.calls // 2))
        )
        began = time.perf_counter()
        verification = verify_ledger(FileLedger(folder / "full"))
        size = (folder / "full" / "ledger.jsonl").stat().st_size
        print(
            f"\nverify: {verification.entries:,} entries, {size / 1e6:.1f} MB in "
            f"{time.perf_counter() - began:.2f} s, {'unchanged' if verification.ok else 'CHANGED'}"
        )
        median = statistics.median(own)
        print(f"median of all entries {median:.2f} ms; to be under {TARGET:g} ms")
        return 0 if verification.ok and median < TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
