"""Whether a ledger is what was written: nothing changed, moved, added or taken out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mirrorbi.errors import LedgerError
from mirrorbi.privacy.ledger.chain import START, Link, flaw
from mirrorbi.privacy.ledger.file import FileLedger
from mirrorbi.privacy.ledger.head import Head
from mirrorbi.privacy.ledger.s3 import S3Ledger

_LEAST = 12


class Problem(NamedTuple):
    """One thing that is wrong.

    Parameters
    ----------
    entry
        What it is about: ``entry 12``, ``line 12``, ``head``.
    what
        What is wrong with it, as the rest of a sentence.
    """

    entry: str
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Parameters
    ----------
    place
        Of the ledger.
    entries, calls
        How many there are.
    last
        The last entry: keep its hash elsewhere, and a later check proves more.
    problems
        What is wrong, in the order of the entries.
    notes
        What is worth knowing and not wrong.
    """

    place: str
    entries: int
    calls: int
    last: Link | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "place": self.place,
            "ok": self.ok,
            "entries": self.entries,
            "calls": self.calls,
            "head": None if self.last is None else self.last._asdict(),
            "problems": [problem._asdict() for problem in self.problems],
            "notes": list(self.notes),
        }


def verify_ledger(ledger: FileLedger | S3Ledger, *, head: str | None = None) -> Verification:
    """Check every entry, their order, and where the ledger ends.

    Parameters
    ----------
    ledger
        The ledger.
    head
        Hash, or id, of an entry that was noted elsewhere: it must be there still.

    Raises
    ------
    LedgerError
        If there is no ledger, or it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> from mirrorbi.privacy.ledger import Intent, Outcome
    >>> ledger = FileLedger(tempfile.mkdtemp())
    >>> policy = SimpleNamespace(sha256="0" * 64, retention="hash")
    >>> entry = ledger.open(Intent("run-1", "", "ask", "claude", ("eu-west-1",), (), policy))
    >>> ledger.close(entry, Outcome())
    >>> verify_ledger(ledger).ok, verify_ledger(ledger, head=entry).ok
    (True, True)
    """
    problems: list[Problem] = []
    anchor: Head | None = None
    try:
        anchor = ledger.head()
        anchored = anchor is not None
    except LedgerError as error:
        if error.__cause__ is not None:  # it cannot be read at all
            raise
        anchored = True
        problems.append(Problem("head", "was changed"))
    walk = _Walk(noted=head)
    for line in ledger.lines():
        walk.step(line)
    if walk.count > 1 and not anchored:
        anchored = ledger.head() is not None  # it was begun between the two looks
    if not walk.count and not anchored:
        raise LedgerError(
            f"There is no ledger at {ledger.place!r}.",
            hint="Name another with --ledger, or run this where mirrorbi.toml is.",
        )
    problems = [*walk.problems, *problems, *walk.end(anchor, anchored)]
    return Verification(
        ledger.place, walk.count, walk.calls, walk.last, tuple(problems), tuple(walk.notes)
    )


class _Walk:
    """One pass over the lines; goes on behind a flaw, so that each is named once."""

    def __init__(self, noted: str | None) -> None:
        self.noted = noted.strip().lower() if noted is not None else None
        self.noted_link: Link | None = None
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.count = self.calls = self.at = 0
        self.last: Link | None = None
        self.expected: Link | None = START
        self.next = 1
        self.places: dict[int, tuple[str, int, int]] = {}
        self.open: dict[int, bool] = {}
        self.missing: list[range] = []
        self.bodies: set[str] = set()

    def step(self, line: bytes) -> None:
        """Look at the next line."""
        start, self.at = self.at, self.at + len(line)
        if not line.endswith(b"\n"):
            self.notes.append(
                f"An unfinished line of {len(line):,} bytes stands at the end: a process is "
                "writing it, or ended while it did. The next entry will stand in its place."
            )
            return
        self.count += 1
        wrong = flaw(line)
        if wrong:
            self.problems.append(Problem(f"entry {self.next}", wrong))
            # Its hash is not known; what follows names it, and is checked from there.
            self.missing.append(range(self.next, self.next + 1))
            self.expected, self.next = None, self.next + 1
            return
        entry = json.loads(line)
        link = Link(entry["seq"], entry["hash"])
        if link.seq != self.next:
            self._moved(link.seq)
        elif self.expected is not None and entry.get("previous") != self.expected.hash:
            wrong = f"does not follow entry {self.expected.seq}"
            self.problems.append(Problem(f"entry {link.seq}", wrong))
        self.places.setdefault(link.seq, (link.hash, start, self.at))
        self.last = self.expected = link
        self.next = link.seq + 1
        if self.noted is not None and self.noted in _names(link, self.noted):
            self.noted_link = link
        try:
            wrongs = self._meaning(entry)
        except (TypeError, AttributeError, KeyError, ValueError):
            wrongs = ["says what no entry says"]
        self.problems += [Problem(f"entry {link.seq}", wrong) for wrong in wrongs]

    def end(self, anchor: Head | None, anchored: bool) -> list[Problem]:
        """Return what is wrong with where the ledger ends."""
        problems: list[Problem] = []
        if not anchored and self.count > 1:
            problems.append(Problem("head", "was removed: a cut tail would not be seen"))
        if anchor is not None:
            problems += self._anchored(anchor)
        if self.noted is not None and self.noted_link is None:
            problems.append(
                Problem(f"entry {self.noted}", "was noted elsewhere and is not in this ledger")
            )
        elif self.noted_link is not None and self.last is not None:
            since = self.last.seq - self.noted_link.seq
            self.notes.append(
                f"The head that was noted is entry {self.noted_link.seq}; "
                f"{since:,} {'was' if since == 1 else 'were'} added since."
            )
        return problems

    def _anchored(self, anchor: Head) -> list[Problem]:
        link = anchor.link
        if link.seq not in self.places:
            last = self.next - 1
            if link.seq <= last:
                return []  # it was changed or moved, and is named already
            missing = (
                f"entry {link.seq}" if link.seq == last + 1 else f"entries {last + 1} to {link.seq}"
            )
            return [Problem(missing, "cut off: the head says that the ledger went on")]
        own, start, end = self.places[link.seq]
        if own != link.hash:
            return [Problem("head", f"does not fit entry {link.seq}")]
        if anchor.end and (start, end) != (anchor.start, anchor.end) and not self.problems:
            return [Problem("head", f"does not say where entry {link.seq} stands")]
        return []

    def _moved(self, seq: int) -> None:
        if seq > self.next:
            missing = f"entry {self.next}"
            self.missing.append(range(self.next, seq))
            if seq > self.next + 1:
                missing = f"entries {self.next} to {seq - 1}"
            self.problems.append(Problem(missing, f"missing before entry {seq}"))
        elif seq in self.places:
            self.problems.append(Problem(f"entry {seq}", "stands here twice"))
        else:
            self.problems.append(Problem(f"entry {seq}", f"stands behind entry {self.next - 1}"))

    def _meaning(self, entry: Mapping[str, Any]) -> list[str]:
        """Return what an intact entry says that cannot be."""
        kind, seq = entry.get("kind"), entry["seq"]
        if (kind == "start") != (seq == 1):
            return ["is no first entry" if kind == "start" else "should be the first, and is not"]
        if kind == "open":
            self.calls += 1
            self.open[seq] = True
            return self._payloads(entry)
        if kind == "close":
            of = entry.get("of")
            if any(of in numbers for numbers in self.missing):
                return []
            if of not in self.open:
                return [f"closes call {of}, which is not there"]
            if not self.open[of]:
                return [f"closes call {of} again"]
            self.open[of] = False
        return []

    def _payloads(self, entry: Mapping[str, Any]) -> list[str]:
        wrong = []
        for part in entry.get("disclosures", ()):
            own = part.get("sha256")
            if "body" in part:
                self.bodies.add(own)
                if hashlib.sha256(part["body"].encode()).hexdigest() != own:
                    wrong.append(f"holds a payload that does not fit its hash {own[:_LEAST]}")
            elif entry.get("retention") == "full" and own not in self.bodies:
                wrong.append(f"names a payload that was not kept: {own[:_LEAST]}")
        return wrong


def _names(link: Link, noted: str) -> tuple[str, ...]:
    """Return what an entry may be called: its id, its hash, or enough of its hash."""
    return link.id, link.hash, link.hash[: max(_LEAST, len(noted))]
