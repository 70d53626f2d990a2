"""Types of text columns, decided by every value, never by a sample alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from mirrorbi.data.forms import ALL, CODE, COMMA, DECIMAL, DOTTED, MISSING_WORDS, TIMES, Form
from mirrorbi.data.reading import Reading
from mirrorbi.data.remarks import LineOf, Mixture, Remarks

_AT_ONCE = 40
_EXPLAINED = 8

Groups = Sequence[Sequence[Form]]


def read_types(
    table: Any,
    samples: Mapping[str, Sequence[str]],
    *,
    groups: Groups = ALL,
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
    semicolons
        Whether the source separates fields by semicolons, as programs do where the comma
        is the decimal mark.
    line_of
        Finds the first line of a value, by column, for the notes.

    Examples
    --------
    >>> import ibis
    >>> from mirrorbi.data.engine import connect
    >>> table = connect().create_table("t", ibis.memtable({"a": ["1", "2,5"]}), temp=True)
    >>> read_types(table, {"a": ["1", "2,5"]}).notes
    ("Numbers in 'a' were read with a decimal comma.",)
    """
    deciding = _Deciding(table, groups)
    deciding.check_proposals(samples)
    deciding.try_every_form()
    deciding.doubt_dots(semicolons)
    return Reading(deciding.typed(), deciding.remarks(line_of).notes())


class _Deciding:
    def __init__(self, table: Any, groups: Groups) -> None:
        self.table = table
        self.groups = groups
        self.forms = [form for group in groups for form in group]
        self.chosen: dict[str, Form] = {}
        self.undecided: list[str] = []
        self.missing: dict[str, tuple[int, str]] = {}
        self.two_ways: dict[str, str] = {}
        self.mixed: dict[str, Mixture] = {}

    def check_proposals(self, samples: Mapping[str, Sequence[str]]) -> None:
        """Take the proposals of the sample that hold for every value."""
        proposals = {name: self._propose(values) for name, values in samples.items()}
        wanted = {}
        for index, (name, forms) in enumerate(proposals.items()):
            text = self.table[name]
            if forms is None:
                wanted[f"filled{index}"] = text.count()
            for rank, form in enumerate(forms or ()):
                wanted[f"fits{index}_{rank}"] = form.fits(text).sum()
                wanted[f"filled{index}"] = text.count()
        counts = _aggregate(self.table, wanted)
        for index, (name, forms) in enumerate(proposals.items()):
            filled = counts.get(f"filled{index}")
            fitting = [
                form
                for k, form in enumerate(forms or ())
                if (counts[f"fits{index}_{k}"] or 0) == filled
            ]
            if len(fitting) == 1:
                self.chosen[name] = fitting[0]
            elif forms != [] and filled:
                self.undecided.append(name)

    def try_every_form(self) -> None:
        """Count every form over every value of the columns that no proposal settled."""
        for start in range(0, len(self.undecided), _AT_ONCE):
            batch = self.undecided[start : start + _AT_ONCE]
            wanted = {}
            for index, name in enumerate(batch):
                text = self.table[name].strip()
                word = _is_word(text)
                wanted[f"real{index}"] = (~word).sum()
                wanted[f"words{index}"] = word.sum()
                wanted[f"word{index}"] = text.max(where=word)
                wanted[f"example{index}"] = text.max(where=~word)
                for rank, form in enumerate(self.forms):
                    wanted[f"fits{index}_{rank}"] = (~word & form.fits(text)).sum()
            counts = _aggregate(self.table, wanted)
            for index, name in enumerate(batch):
                self._settle(
                    name,
                    {key: counts.get(f"{key}{index}") for key in _COUNTED},
                    [counts[f"fits{index}_{rank}"] or 0 for rank in range(len(self.forms))],
                )
        self._explain_mixtures()

    def doubt_dots(self, semicolons: bool) -> None:
        """Keep as text what is thousands where the comma is decimal, thousandths elsewhere."""
        if not semicolons and COMMA not in self.chosen.values():
            return
        decimals = [name for name, form in self.chosen.items() if form is DECIMAL]
        wanted: dict[str, Any] = {}
        for index, name in enumerate(decimals):
            text = self._text(name)
            wanted[f"other{index}"] = (~text.re_search(f"^(?:{DOTTED.pattern})$")).sum()
            wanted[f"example{index}"] = text.max(where=text.contains("."))
        counts = _aggregate(self.table, wanted)
        for index, name in enumerate(decimals):
            if not counts[f"other{index}"]:
                del self.chosen[name]
                self.missing.pop(name, None)
                self.two_ways[name] = counts[f"example{index}"]

    def typed(self) -> Any:
        """Return the table with the columns converted."""
        columns = {}
        for name in self.table.columns:
            form = self.chosen.get(name)
            columns[name] = self.table[name] if form is None else form.convert(self._text(name))
        return self.table.select(**columns)

    def remarks(self, line_of: LineOf | None) -> Remarks:
        """Return what a reader should know."""
        return Remarks(
            {name: form.note for name, form in self.chosen.items() if form.note},
            {name: found for name, found in self.missing.items() if found[0] and found[1]},
            self.two_ways,
            self.mixed,
            line_of,
        )

    def _propose(self, values: Sequence[str]) -> list[Form] | None:
        """Return the rivals to check; none for text; `None` where the sample cannot say."""
        filled = [value for value in values if value]
        for group in self.groups if filled else ():
            forms = [form for form in group if all(map(form.matches, filled))]
            if forms:
                return forms
        real = [value.strip() for value in filled if value.strip().lower() not in MISSING_WORDS]
        likely = sum(1 for value in real if any(form.matches(value) for form in self.forms))
        return None if likely * 2 >= len(real) else []

    def _settle(self, name: str, counted: Mapping[str, Any], fits: Sequence[int]) -> None:
        real = counted["real"]
        if not real:
            return
        by_form = dict(zip(self.forms, fits, strict=True))
        for group in self.groups:
            whole = [form for form in group if by_form[form] == real]
            if len(whole) > 1:
                self.two_ways[name] = counted["example"]
                return
            if whole:
                self.chosen[name] = whole[0]
                self.missing[name] = (counted["words"], counted["word"])
                return
        best = max(by_form, key=lambda form: by_form[form])
        times = any(best in group for group in TIMES)
        if by_form[best] * 3 >= real:
            self.mixed[name] = Mixture("dates" if times else best.name, by_form[best], real)

    def _explain_mixtures(self) -> None:
        """Count what has any form of the kind, and find a value that has none."""
        for name in list(self.mixed)[:_EXPLAINED]:
            before = self.mixed[name]
            times = before.kind == "dates"
            kin = [f for f in self.forms if any(f in group for group in TIMES) == times]
            text = self.table[name].strip()
            real = ~_is_word(text)
            alike = reduce(or_, [form.fits(text).fill_null(False) for form in kin])
            code = CODE.fits(text)
            counts = _aggregate(
                self.table,
                {
                    "alike": (real & alike).sum(),
                    "codes": (real & code & ~alike).sum(),
                    "other": self.table[name].min(where=real & ~alike & ~code),
                },
            )
            if not times and counts["codes"] and counts["other"] is None:
                del self.mixed[name]
                continue
            self.mixed[name] = Mixture(
                before.kind, counts["alike"], before.real, counts["other"] or ""
            )

    def _text(self, name: str) -> Any:
        if name not in self.missing:
            return self.table[name]
        import ibis

        text = self.table[name].strip()
        return _is_word(text).ifelse(ibis.null("string"), text)


_COUNTED = ("real", "words", "word", "example")


def _is_word(text: Any) -> Any:
    return text.lower().isin(MISSING_WORDS)


def _aggregate(table: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    if not wanted:
        return {}
    line: dict[str, Any] = table.aggregate(**wanted).to_pyarrow().to_pylist()[0]
    return line
