"""What the data covers and lacks, and how the review guards against chance."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.rules.material import Material
from mirrorbi.narrative.rules.phrasing import SectionText, listing, paragraphs, sentence_of
from mirrorbi.wording.sentence import Sentence

_NO_KEY = "Whether rows repeat is not known: nobody has said which columns together name a row."

_FULL = "No cell is empty"

COLUMNS = 4
"""Columns named in one sentence."""


def section_text(material: Material) -> SectionText:
    """Return the state of the data."""
    data = [*_coverage(material), *_gaps(material), *_duplicates(material)]
    cells = [*_cells(material), *_odd(material)]
    text = paragraphs(data, cells, [*_model(material), *_withheld(material), *_tests(material)])
    kinds = ("coverage", "missing_periods", "late_data", "completeness")
    drawn = [f for f in material.of(*kinds) if _is_informative(f)]
    no_request = sentence_of("none", "This review was not asked about the quality of the data.")
    return SectionText(
        text or ((no_request,),), drawn=tuple(sorted(drawn, key=lambda f: kinds.index(f.kind)))
    )


def _is_informative(f: Fact) -> bool:
    """Return whether a chart of a fact would show more than bars of one length, or nothing."""
    if f.table is None or f.kind == "completeness":
        return f.table is not None and bool(f["with_nulls"].value)
    return f.kind != "coverage" or any(count is not None for count in f.table.column("rows"))


def _coverage(material: Material) -> Iterator[Sentence]:
    f = material.best("coverage")
    if f is None:
        return
    span = " and covers {{e.period}}" if material.extent else ""
    rows = "{{f.rows}} {{f.rows:row|rows}} of {{f.columns}} {{f.columns:column|columns}}"
    names = {"f": f, "e": material.extent or f}
    yield sentence_of("quality", f"The data holds {rows}{span}.", **names)


def _gaps(material: Material) -> Iterator[Sentence]:
    gaps = material.of("missing_periods")
    holes = [f for f in gaps if f["missing"].value]
    for f in holes[:2]:
        yield sentence_of("quality", f"{_empty(f)}.", f=f)
    finest = max(gaps, key=lambda f: f["of"].value, default=None)
    if finest is not None and not holes and finest["of"].value > 1:
        usual = _usual(finest)
        which = "the {{f.of}} {{f.step}}s" if usual else "its {{f.of}} {{f.step}}s"
        yield sentence_of("quality", f"None of {which}{usual} is without rows.", f=finest)


def _empty(f: Fact) -> str:
    """Return how many periods have no rows, as a piece of template."""
    which = "{{f.missing}} of {{f.of}} {{f.step}}s"
    return f"{which}{_usual(f)} {{{{f.missing:has|have}}}} no rows"


def _usual(f: Fact) -> str:
    """Return which periods are counted, where that is not all: no rows on a Sunday are no gap."""
    all_periods = f.quantities.get("periods", f["of"]).value
    return " on which rows are usual" if f["of"].value < all_periods else ""


def _duplicates(material: Material) -> Iterator[Sentence]:
    f = material.best("duplicates")
    if f is None:
        if material.is_requested("duplicates", "quality") and material.best("coverage"):
            yield sentence_of("quality", _NO_KEY)
        return
    if f["duplicates"].value:
        template = (
            "{{f.duplicates}} {{f.duplicates:row repeats|rows repeat}} another in {{f.keys}} "
            "({{f.share}} of all)."
        )
    else:
        template = "No row repeats another in {{f.keys}}."
    yield sentence_of("quality", template, f=f)


def _cells(material: Material) -> Iterator[Sentence]:
    f = material.best("completeness")
    empty = sorted(
        material.of("nulls"), key=lambda fact: (-fact["share"].value, fact.metric)
    )[:COLUMNS]  # fmt: skip
    if f is not None and not f["with_nulls"].value:
        yield sentence_of("quality", f"{_FULL}.")
    elif f is not None:
        yield sentence_of(
            "quality",
            "{{f.share}} of all cells are filled; {{f.with_nulls}} of {{f.columns}} columns "
            "{{f.with_nulls:has|have}} gaps.",
            f=f,
        )
    if empty:
        text, names = listing(empty, "{{@.metric}} ({{@.share}})")
        yield sentence_of("quality", f"Most often empty: {text}.", **names)


def _odd(material: Material) -> Iterator[Sentence]:
    for kind, opening in (
        ("constant", "The same value in every row: "),
        ("infinite", "Infinite values, left out of sums and averages: "),
    ):
        columns = material.of(kind)[:COLUMNS]
        if columns:
            pattern = "{{@.metric}} ({{@.infinite}})" if kind == "infinite" else "{{@.metric}}"
            text, names = listing(columns, pattern)
            yield sentence_of("quality", f"{opening}{text}.", **names)


def _model(material: Material) -> Iterator[Sentence]:
    if material.sweep.terms.get("model") == "draft":
        yield sentence_of(
            "quality",
            "What the columns mean was guessed from the data; nobody has confirmed it yet.",
        )


def _withheld(material: Material) -> Iterator[Sentence]:
    f = material.best("withheld")
    if f is None:
        return
    if f["small"].value:
        reason = "a cell needs at least {{f.least}} {{f.counted}}"
        if f.terms.get("rules") != "min_entities":
            reason += ", and is not shown where a few of them account for nearly all of it"
        template = f"{{{{f.small}}}} small {{{{f.small:cell is|cells are}}}} not shown: {reason}."
        yield sentence_of("quality", template, f=f)
    if f["complement"].value:
        opening = "Nor are" if f["small"].value else "Not shown are"
        template = f"{opening} {{{{f.complement}}}} that would give those away; totals hold all."
        yield sentence_of("quality", template, f=f)
    if "left_out" in f.terms:
        template = (
            "Nothing is told by {{f.left_out}}: the members look like {{f.looks}}, and nobody has "
            "said that they may be shown."
        )
        yield sentence_of("quality", template, f=f)


def _tests(material: Material) -> Iterator[Sentence]:
    if material.facts.tests:
        template = (
            "This review made {{s.tests}} {{s.tests:test|tests}}; of the findings it calls out of "
            "the ordinary, at most {{s.alpha}} are expected to be false alarms."
        )
        yield sentence_of("quality", template, s=material.sweep)


def headline(material: Material) -> Sentence | None:
    """Return the state of the data in one sentence, for reviews of nothing else."""
    late = material.best("late_data")
    if late is not None:
        template = "{{f.period}} holds {{f.share}} of the rows to be expected."
        return sentence_of("headline", template, f=late)
    for f in material.of("missing_periods"):
        if f["missing"].value:
            return sentence_of("headline", f"{_empty(f)}.", f=f)
    for f in material.of("duplicates"):
        if f["duplicates"].value:
            return sentence_of(
                "headline", "{{f.duplicates}} of {{f.rows}} rows repeat another.", f=f
            )
    cells = material.best("completeness")
    if cells is not None:
        gap = min(
            material.of("missing_periods"), key=lambda f: (bool(_usual(f)), f.id), default=None
        )
        clean = ", no {{g.step}} is missing" if gap is not None and not _usual(gap) else ""
        rows = " and no row repeats another" if material.best("duplicates") else ""
        rows = rows if clean else rows.replace(" and", ",")
        names = {"f": cells, "g": gap or cells}
        filled = "{{f.share}} of all cells are filled" if cells["with_nulls"].value else _FULL
        return sentence_of("headline", f"{filled}{clean}{rows}.", **names)
    if material.sweep.n:
        return sentence_of(
            "headline", "The data holds {{s.rows}} {{s.rows:row|rows}}.", s=material.sweep
        )
    return None
