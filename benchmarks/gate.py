"""What disclosure control and the gate cost, beside the sweep that they control.

    python benchmarks/gate.py                       # the flights, 336,776 rows
    python benchmarks/gate.py --source other.parquet --times 9
    python benchmarks/gate.py --rows 200000         # a made table of many members

Medians of processor time, in milliseconds. The cubes are made first, and what asks the
engine for entities is asked once before, as in a second question to the same data. `sweep`
is the same sweep without control, `plan` what control decides, `release` a released set
passed again, and `audit` the first answer of a conversation; `gate` is all that stands
between released facts and a payload, audit included. The target is for 500 facts: if the
sweep has fewer, one of a made table that has more is measured.

Then one conversation, question by question: what the gate's audit takes beside all that was
said before, asked for the first time (what it asks the engine is paid then) and in another
conversation about the same data.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import mirrorbi
from mirrorbi.errors import MirrorBIError
from mirrorbi.facts import find_facts
from mirrorbi.facts.sweep.request import definite
from mirrorbi.privacy.disclosure_control import Audit, controlled, release
from mirrorbi.privacy.disclosure_control.guard import Guard
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.policy import policy_for

TARGET = 100.0
FACTS = 500
INVENTED_ROWS = 100_000
"""Rows of the made table."""
LATER = 200.0
"""Milliseconds that a later question of a conversation may take."""

QUESTIONS: list[dict[str, Any]] = [
    {},
    {"period": "2013-11"},
    {"period": "2013-10", "by": "airline"},
    {"where": {"origin": "JFK"}},
    {"where": {"airline": ["United Air Lines Inc.", "Delta Air Lines Inc."]}, "by": "dest"},
    {"period": "2013-Q3", "by": ["airline", "origin"]},
    {"period": "2013-12-01/2013-12-24", "by": "dest"},
    {"where": {"dest": "ATL"}, "period": "2013-09", "by": "airline"},
    {"grain": "week", "by": "origin"},
    {"period": "2013-12", "compare": "average", "by": "airline"},
]


def median(work: Callable[[], Any], times: int) -> float:
    """Return milliseconds of processor time."""
    times_taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        times_taken.append(1000 * (time.process_time() - began))
    return statistics.median(times_taken)


def invented_table(rows: int) -> Any:
    """Return a table of two years, four dimensions and three metrics."""
    rng = np.random.default_rng(0)
    day = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 730, rows), "D")
    frame = pd.DataFrame({"day": day, "amount": rng.gamma(2, 40, rows).round(2)})
    for name, size in {"country": 12, "product": 30, "channel": 4, "team": 8}.items():
        weights = rng.dirichlet(np.full(size, 3.0))
        frame[name] = rng.choice([f"{name} {chr(65 + i)}" for i in range(size)], rows, p=weights)
    frame["late"] = (rng.random(rows) < 0.1).astype(int)
    frame["units"] = rng.poisson(3, rows)
    metrics: dict[str, dict[str, str]] = {
        "orders": {"agg": "count"},
        "revenue": {"agg": "sum", "column": "amount"},
        "mean_order": {"agg": "avg", "column": "amount"},
        "units": {"agg": "sum", "column": "units"},
        "late_orders": {"agg": "sum", "column": "late"},
        "late_rate": {"type": "ratio", "numerator": "late_orders", "denominator": "orders"},
        "price": {"type": "ratio", "numerator": "revenue", "denominator": "units"},
    }
    names = ("country", "product", "channel", "team")
    model = {
        "time": {"column": "day", "complete_through": "2024-12-30"},
        "dimensions": {name: {} for name in names},
        "metrics": metrics,
    }
    return mirrorbi.open(frame, model)


def conversation(data: Any, policy: Any) -> None:
    """Print what the audit of each question takes."""
    released = []
    for question in QUESTIONS:
        try:
            released.append((question, controlled(data, policy, **question)))
        except MirrorBIError:
            continue
    took: list[list[float]] = [[] for _ in released]
    passed = [0] * len(released)
    for _ in range(2):
        audit = Audit(data, policy)
        for i, (_, facts) in enumerate(released):
            began = time.process_time()
            passed[i] = len(audit.examine(facts)[0])
            took[i].append(1000 * (time.process_time() - began))
    print("\none conversation, audit of each question    facts  passed   first   again")
    for (question, facts), n, times in zip(released, passed, took, strict=True):
        text = ", ".join(f"{k} {v}" for k, v in question.items()) or "everything"
        first, again = times
        print(f"  {text[:40]:40} {len(facts):6} {n:7} {first:7.1f} {again:7.1f}")
    later = [times[1] for times in took[1:]]
    if later:
        print(
            f"later questions: median {statistics.median(later):.1f} ms, most {max(later):.1f} ms, "
            f"target {LATER:.0f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="notebooks/data/flights.parquet", type=Path)
    parser.add_argument("--rows", default=0, type=int, help="of a made table instead")
    parser.add_argument("--times", default=5, type=int)
    arguments = parser.parse_args()
    data = invented_table(arguments.rows) if arguments.rows else mirrorbi.open(arguments.source)
    policy = policy_for(data)
    facts = controlled(data, policy)
    raw = find_facts(data)
    context = definite(data)
    figures = {
        "sweep": median(lambda: find_facts(data), arguments.times),
        "sweep, controlled": median(lambda: controlled(data, policy), arguments.times),
        "plan": median(lambda: Guard(data, policy, context).plans, arguments.times),
        "release": median(lambda: release(facts, data, policy), arguments.times),
        "audit": median(lambda: Audit(data, policy).examine(facts), arguments.times),
        "gate, one sweep": median(lambda: Gate(data, policy).disclose(facts), arguments.times),
    }
    gate = Gate(data, policy)
    gate.disclose(facts)
    figures |= {
        "gate, again": median(lambda: gate.disclose(facts), arguments.times),
        "vocabulary": median(lambda: Gate(data, policy).vocabulary(), arguments.times),
        "question": median(lambda: gate.question("Why did it fall in December?"), arguments.times),
    }
    print(f"{len(raw)} facts, {len(facts)} released, {data.rows:,} rows")
    for name, milliseconds in figures.items():
        print(f"{name:20} {milliseconds:8.1f} ms")
    plan_and_release = figures["plan"] + figures["release"]
    print(f"plan and release: {plan_and_release:.1f} ms, target {TARGET:.0f} ms")

    wide = data if len(facts) >= FACTS else invented_table(INVENTED_ROWS)
    fact_set = facts if wide is data else controlled(wide)
    disclosure = Gate(wide).disclose(fact_set)
    milliseconds = median(lambda: Gate(wide).disclose(fact_set), arguments.times)
    share = FACTS * milliseconds / len(fact_set)
    print(
        f"gate, one sweep of {len(fact_set)} facts of a {'made ' if wide is not data else ''}table "
        f"({len(disclosure.handles)} pass, {len(disclosure.body):,} bytes): {milliseconds:.1f} ms, "
        f"{share:.1f} ms for {FACTS}, target {TARGET:.0f} ms"
    )
    conversation(data, policy)


if __name__ == "__main__":
    main()
