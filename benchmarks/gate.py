"""What disclosure control and the gate cost, beside the sweep that it controls.

    python benchmarks/gate.py                       # the flights, 336,776 rows
    python benchmarks/gate.py --source other.parquet --times 9

The cubes are made first, and what asks the engine for entities is asked once before, as in
a second question to the same data. Medians of processor time; `sweep` is the same sweep
without control, `plan` what control decides, `release` a released set passed again, and
`audit` the first answer of a conversation; `gate` is all that stands between released facts
and a payload, audit included.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mirrorbi
from mirrorbi.facts import find_facts
from mirrorbi.facts.asked import definite
from mirrorbi.privacy.control import Audit, controlled, release
from mirrorbi.privacy.control.guard import Guard
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.policy import policy_for

TARGET = 100.0


def median(work: Callable[[], Any], times: int) -> float:
    """Return milliseconds of processor time."""
    took = []
    for _ in range(times):
        began = time.process_time()
        work()
        took.append(1000 * (time.process_time() - began))
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="notebooks/data/flights.parquet", type=Path)
    parser.add_argument("--times", default=5, type=int)
    given = parser.parse_args()
    data = mirrorbi.open(given.source)
    policy = policy_for(data)
    facts = controlled(data, policy)
    raw = find_facts(data)
    scan = definite(data)
    figures = {
        "sweep": median(lambda: find_facts(data), given.times),
        "sweep, controlled": median(lambda: controlled(data, policy), given.times),
        "plan": median(lambda: Guard(data, policy, scan).plans, given.times),
        "release": median(lambda: release(facts, data, policy), given.times),
        "audit": median(lambda: Audit(data, policy).examine(facts), given.times),
    }
    ready = Gate(data, policy)
    ready.disclose(facts)
    figures |= {
        "gate, all facts": median(lambda: Gate(data, policy).disclose(facts), given.times),
        "gate, again": median(lambda: ready.disclose(facts), given.times),
        "vocabulary": median(lambda: Gate(data, policy).vocabulary(), given.times),
        "question": median(lambda: ready.question("Why did it fall in December?"), given.times),
    }
    print(f"{len(raw)} facts, {len(facts)} released, {data.rows:,} rows")
    for name, took in figures.items():
        print(f"{name:20} {took:8.1f} ms")
    beside = figures["plan"] + figures["release"]
    print(f"plan and release: {beside:.1f} ms, target {TARGET:.0f} ms")


if __name__ == "__main__":
    main()
