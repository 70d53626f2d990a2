"""The ledger as a file for others: its lines as they are, or a table of its calls."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from mirrorbi.data.export import without_formula
from mirrorbi.privacy.ledger.calls import Call

COLUMNS = (
    *("entry", "at", "ended", "outcome", "run", "user", "account", "host", "purpose", "model"),
    *("regions", "policy", "sent_bytes", "disclosures", "withheld_cells", "request_id"),
    *("input", "output", "cache_read", "cache_write", "cost_usd", "stop", "error", "attempts"),
)
"""Of the table: one line for each call."""


def as_lines(lines: Iterable[bytes]) -> bytes:
    """Return the entries, byte for byte: the chain can be checked in the copy too.

    Parameters
    ----------
    lines
        From a ledger's ``lines()``.
    """
    return b"".join(line if line.endswith(b"\n") else b"" for line in lines)


def as_csv(calls: Iterable[Call]) -> bytes:
    """Return the calls as a table for spreadsheets, without payloads.

    Text that a spreadsheet would take for a formula begins with an apostrophe
    (https://owasp.org/www-community/attacks/CSV_Injection). UTF-8 with a mark, as Excel
    wants it.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for call in calls:
        writer.writerow(_row(call))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _row(call: Call) -> list[str]:
    values = {
        **call.to_dict(),
        "regions": " ".join(call.regions),
        "sent_bytes": call.sent,
        "disclosures": " ".join(part["sha256"] for part in call.disclosures),
        "withheld_cells": sum(call.withheld.values()),
        "cost_usd": "" if call.cost is None else f"{call.cost:f}",
    }
    return [without_formula(str(values[column])) for column in COLUMNS]
