"""Types of text columns, decided by every value, never by a sample alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from mirrorbi.data.ingest.import_notes import ImportNotes, LineOf, Mixture
from mirrorbi.data.ingest.reading import Reading
from mirrorbi.data.ingest.value_formats import (
    ALL,
    CODE,
    COMMA,
    DECIMAL,
    DOTTED,
    MISSING_WORDS,
    TIMES,
    ValueFormat,
)

# The planner of the engine takes time with the square of the number of aggregates.
_CHECKED_AT_ONCE = 200
_COUNTED_AT_ONCE = 20
_EXPLAINED = 8
_TRIED = 100
_WORDS = re.compile(r"(?!(?i:true|false|[+-]?inf(?:inity)?)$)[^0-9]*")

Groups = Sequence[Sequence[ValueFormat]]


def read_types(
    table: Any,
    samples: Mapping[str, Sequence[str]],
    *,
    groups: Groups = ALL,
    complete: bool = False,
    semicolons: bool = False,
    line_of: LineOf | None = None,
) -> Reading:
    """Return the table with its text columns read as numbers, truth values, dates and times.

    A column takes a type only if all of its values have one form and no rival form; every
    other column stays text, exactly as it is, and a note says so where most of its values
    had a form. Nothing is guessed that could be read in two ways.

    The sample proposes a form, one scan counts the values that do not fit, and a second
    scan, of the columns where the proposal failed, tries every form.

    Parameters
    ----------
    table
        An ibis table of DuckDB. Columns that are not named in ``samples`` are left alone.
    samples
        Some values of each text column.
    groups
        The forms to try.
    complete
        Whether the samples are all values there are.
    semicolons
        Whether the source separates fields by semicolons, as programs do where the comma
        is the decimal mark.
    line_of
        Finds the first line of a value, by column, for the notes.

    Examples
    --------
    >>> import ibis
    >>> from mirrorbi.data.engine.embedded import connect
    >>> table = connect().create_table("t", ibis.memtable({"a": ["1", "2,5"]}), temp=True)
    >>> read_types(table, {"a": ["1", "2,5"]}).notes
    ("Numbers in 'a' were read with a decimal comma.",)
    """
    decisions = _Decisions(table, samples, groups, complete)
    decisions.check_proposals()
    decisions.try_likely_forms()
    decisions.doubt_dots(semicolons)
    return Reading(decisions.typed(), decisions.import_notes(line_of).notes())


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of one column: real values and how many fit each form, words for none, identifiers."""

    real: int
    words: int
    codes: int
    example: str
    word: str
    fits: Mapping[ValueFormat, int]


class _Decisions:
    def __init__(
        self, table: Any, samples: Mapping[str, Sequence[str]], groups: Groups, complete: bool
    ) -> None:
        self.table = table
        self.samples = samples
        self.groups = groups
        self.complete = complete
        self.forms = [form for group in groups for form in group]
        self.distinct = {name: _distinct(values) for name, values in samples.items()}
        self.chosen: dict[str, ValueFormat] = {}
        self.likely: dict[str, list[ValueFormat]] = {}
        self.missing: dict[str, tuple[int, str]] = {}
        self.ambiguous: dict[str, str] = {}
        self.mixed: dict[str, Mixture] = {}

    def check_proposals(self) -> None:
        """Take the proposals of the sample that hold for every value."""
        proposals = {name: self._propose(values) for name, values in self.distinct.items()}
        open_ones = []
        for name, forms in proposals.items():
            if self.complete and len(forms) == 1 and forms[0].certain:
                self.chosen[name] = forms[0]
            elif forms or not (self.complete or self.distinct[name]):
                open_ones.append(name)
            else:
                self._doubt(name)
        for batch in _batches(open_ones, _CHECKED_AT_ONCE):
            aggregates = {}
            for index, name in enumerate(batch):
                text = self.table[name]
                aggregates[f"filled{index}"] = text.count()
                for rank, form in enumerate(proposals[name]):
                    aggregates[f"fits{index}_{rank}"] = form.fits(text).sum()
            counts = _aggregate(self.table, aggregates)
            for index, name in enumerate(batch):
                filled = counts[f"filled{index}"]
                whole = [
                    form
                    for rank, form in enumerate(proposals[name])
                    if counts[f"fits{index}_{rank}"] == filled
                ]
                if len(whole) == 1:
                    self.chosen[name] = whole[0]
                elif filled:
                    self._doubt(name)

    def try_likely_forms(self) -> None:
        """Count every likely form over every value of the columns that no proposal settled."""
        decided = [
            name
            for name, forms in self.likely.items()
            if self.complete and all(form.certain for form in forms)
        ]
        for name in decided:
            self._settle(name, _count(self.samples[name], self.likely[name]))
        undecided = [name for name in self.likely if name not in set(decided)]
        for batch in _batches(undecided, _COUNTED_AT_ONCE):
            columns = {}
            for index, name in enumerate(batch):
                text = self.table[name].strip()
                word = _is_word(text)
                columns[f"real{index}"] = word.ifelse(_nothing(), text)
                columns[f"word{index}"] = word.ifelse(text, _nothing())
            cut = self.table.select(**columns)
            aggregates = {}
            for index, name in enumerate(batch):
                real, words = cut[f"real{index}"], cut[f"word{index}"]
                aggregates[f"real{index}"], aggregates[f"example{index}"] = real.count(), real.max()
                aggregates[f"words{index}"], aggregates[f"word{index}"] = words.count(), words.max()
                aggregates[f"codes{index}"] = CODE.fits(real).sum()
                for rank, form in enumerate(self.likely[name]):
                    aggregates[f"fits{index}_{rank}"] = form.fits(real).sum()
            line = _aggregate(cut, aggregates)
            for index, name in enumerate(batch):
                fits = {
                    form: line[f"fits{index}_{rank}"] or 0
                    for rank, form in enumerate(self.likely[name])
                }
                counts = _Counts(
                    real=line[f"real{index}"],
                    words=line[f"words{index}"],
                    codes=line[f"codes{index}"] or 0,
                    example=line[f"example{index}"] or "",
                    word=line[f"word{index}"] or "",
                    fits=fits,
                )
                self._settle(name, counts)
        self._explain_mixtures()

    def doubt_dots(self, semicolons: bool) -> None:
        """Keep as text what is thousands where the comma is decimal, thousandths elsewhere."""
        if not semicolons and COMMA not in self.chosen.values():
            return
        decimals = [name for name, form in self.chosen.items() if form is DECIMAL]
        aggregates: dict[str, Any] = {}
        for index, name in enumerate(decimals):
            text = self.table[name].strip()
            text = _is_word(text).ifelse(_nothing(), text)
            aggregates[f"other{index}"] = (~text.re_search(f"^(?:{DOTTED.pattern})$")).sum()
            aggregates[f"example{index}"] = text.max(where=text.contains("."))
        counts = _aggregate(self.table, aggregates)
        for index, name in enumerate(decimals):
            if not counts[f"other{index}"]:
                del self.chosen[name]
                self.missing.pop(name, None)
                self.ambiguous[name] = counts[f"example{index}"]

    def typed(self) -> Any:
        """Return the table with the columns converted."""
        columns = {}
        for name in self.table.columns:
            text, form = self.table[name], self.chosen.get(name)
            if form is not None and name in self.missing:
                columns[name] = form.convert_or_null(text.strip())
            else:
                columns[name] = text if form is None else form.convert(text)
        return self.table.select(**columns)

    def import_notes(self, line_of: LineOf | None) -> ImportNotes:
        """Return what a reader should know."""
        return ImportNotes(
            {name: form.note for name, form in self.chosen.items() if form.note},
            {name: missing for name, missing in self.missing.items() if missing[0] and missing[1]},
            self.ambiguous,
            self.mixed,
            line_of,
        )

    def _propose(self, values: Sequence[str]) -> list[ValueFormat]:
        """Return the first form of all these values, with its rivals; none for text."""
        for group in self.groups if values else ():
            forms = [form for form in group if all(map(form.matches, values))]
            if forms:
                return forms
        return []

    def _doubt(self, name: str) -> None:
        """Note the forms found among the values, unless most of them have none."""
        values = self.distinct[name] or self._further(name)
        real = [value.strip() for value in values if not _is_missing(value)]
        sample = [value for value in real[:_TRIED] if not _WORDS.fullmatch(value)]
        matching = [form for form in self.forms if any(map(form.matches, sample))]
        formed = sum(1 for value in sample if any(form.matches(value) for form in matching))
        if formed and formed * 3 >= len(real[:_TRIED]):
            self.likely[name] = matching

    def _further(self, name: str) -> list[str]:
        """Return values of a column that is empty in the sample."""
        if self.complete:
            return []
        filled = self.table.filter(self.table[name].notnull()).select(name).limit(_TRIED)
        return _distinct(filled.to_pyarrow()[name].to_pylist())

    def _settle(self, name: str, counts: _Counts) -> None:
        for group in self.groups if counts.real else ():
            whole = [form for form in group if counts.fits.get(form) == counts.real]
            if len(whole) > 1:
                self.ambiguous[name] = counts.example
                return
            if whole:
                self.chosen[name] = whole[0]
                self.missing[name] = (counts.words, counts.word)
                return
        best = max(counts.fits, key=lambda form: counts.fits[form])
        if counts.codes and counts.fits[best] + counts.codes == counts.real:
            return  # identifiers: text is their type
        kind = "dates" if _is_time(best) else best.name
        self.mixed[name] = Mixture(kind, counts.fits[best], counts.real)

    def _explain_mixtures(self) -> None:
        """Count what has any form of the kind, and find a value that has none."""
        for name in list(self.mixed)[:_EXPLAINED]:
            before = self.mixed[name]
            times = before.kind == "dates"
            kin = [form for form in self.likely[name] if _is_time(form) == times]
            text = self.table[name].strip()
            real = ~_is_word(text)
            alike = reduce(or_, [form.fits(text).fill_null(False) for form in kin])
            counts = _aggregate(
                self.table,
                {
                    "alike": (real & alike).sum(),
                    "other": self.table[name].min(where=real & ~alike),
                },
            )
            self.mixed[name] = Mixture(
                before.kind, counts["alike"], before.real, counts["other"] or ""
            )


def _distinct(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _batches(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))


def _count(values: Sequence[str], forms: Sequence[ValueFormat]) -> _Counts:
    filled = [value.strip() for value in values if value]
    real = [value for value in filled if not _is_missing(value)]
    words = [value for value in filled if _is_missing(value)]
    return _Counts(
        real=len(real),
        words=len(words),
        codes=sum(map(CODE.matches, real)),
        example=max(real, default=""),
        word=max(words, default=""),
        fits={form: sum(map(form.matches, real)) for form in forms},
    )


def _is_missing(value: str) -> bool:
    return value.strip().lower() in MISSING_WORDS


def _is_time(form: ValueFormat) -> bool:
    return any(form in group for group in TIMES)


def _is_word(text: Any) -> Any:
    return text.lower().isin(MISSING_WORDS)


def _nothing() -> Any:
    import ibis

    return ibis.null("string")


def _aggregate(table: Any, aggregates: dict[str, Any]) -> dict[str, Any]:
    if not aggregates:
        return {}
    line: dict[str, Any] = table.aggregate(**aggregates).to_pyarrow().to_pylist()[0]
    return line
