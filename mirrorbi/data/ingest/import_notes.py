"""How text columns were read: the notes that go to the reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mirrorbi.data.ingest.message_text import form_of, listed

LineOf = Callable[[Mapping[str, str]], Mapping[str, str]]
"""From columns and one value each to where the value first stands: ``line 17``."""

_SINGLY = 8


@dataclass(frozen=True, slots=True)
class Mixture:
    """A column most of whose values are of one kind: how many, of how many, and another."""

    kind: str
    fitting: int
    real: int
    other: str = ""


@dataclass(frozen=True, slots=True)
class ImportNotes:
    """What a reader should know of the columns of one source.

    Parameters
    ----------
    format_notes
        The note of the form in which each column was read.
    missing
        Values read as missing: how many, and one of them.
    ambiguous
        Columns kept as text because they can be read in two ways, with an example.
    mixed
        Columns kept as text because their values differ in kind.
    line_of
        Finds where a value first stands.
    """

    format_notes: Mapping[str, str]
    missing: Mapping[str, tuple[int, str]]
    ambiguous: Mapping[str, str]
    mixed: Mapping[str, Mixture]
    line_of: LineOf | None = None

    def notes(self) -> tuple[str, ...]:
        """Return the sentences; columns alike share one."""
        return (*self._format_notes(), *self._missing(), *self._ambiguous(), *self._mixed())

    def _format_notes(self) -> Iterator[str]:
        columns: dict[str, list[str]] = defaultdict(list)
        for name, note in self.format_notes.items():
            columns[note].append(name)
        for note, names in columns.items():
            yield note.format(columns=listed(map(repr, names)))

    def _missing(self) -> Iterator[str]:
        if self.missing:
            total = sum(count for count, _ in self.missing.values())
            # One of our own list of such words, not a value like any other.
            word = repr(next(iter(self.missing.values()))[1])
            values = f"{total:,} values such as {word}" if total > 1 else f"1 value, {word}"
            yield f"Read as missing in {listed(map(repr, self.missing))}: {values}."

    def _ambiguous(self) -> Iterator[str]:
        numbers = {
            n: v
            for n, v in self.ambiguous.items()
            if v.strip("+-").replace(",", "").replace(".", "").isdigit()
            and v.count("-") < 2
            and (v.count(".") < 2)
        }
        dates = {n: v for n, v in self.ambiguous.items() if n not in numbers}
        if numbers:
            value = next(iter(numbers.values()))
            yield (
                f"Kept as text: {listed(map(repr, numbers))}. In {form_of(value)} the mark may "
                "stand between thousands or before decimals; write it without thousands marks "
                "and with a decimal point."
            )
        if dates:
            value = next(iter(dates.values()))
            yield (
                f"Kept as text: {listed(map(repr, dates))}. In {form_of(value)} day and month "
                "may stand either way; write dates as 2024-01-31."
            )

    def _mixed(self) -> Iterator[str]:
        shown = dict(list(self.mixed.items())[:_SINGLY])
        examples = {name: mixture.other for name, mixture in shown.items() if mixture.other}
        places = self.line_of(examples) if self.line_of and examples else {}
        for name, mixture in shown.items():
            share = f"{mixture.fitting:,} of {mixture.real:,} values are {mixture.kind}"
            if mixture.other:
                place = f" ({places[name]})" if name in places else ""
                yield f"Kept as text: {name!r}. {share}; {form_of(mixture.other)}{place} is not."
            elif mixture.kind == "dates":
                yield (
                    f"Kept as text: {name!r}. Its dates are written in several ways; write "
                    "them as 2024-01-31."
                )
            else:
                yield f"Kept as text: {name!r}. Its numbers are written in several ways."
        rest = list(self.mixed)[_SINGLY:]
        if rest:
            yield f"Kept as text, because values differ in kind: {listed(map(repr, rest))}."
