"""Every kind of fact has what each room must know of it, or a reason why not."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import mirrorbi
from mirrorbi.charts.presentations import PRESENTATIONS, Presentation
from mirrorbi.errors import FactError
from mirrorbi.facts import find_facts
from mirrorbi.facts.kinds import FAMILIES, KINDS, SWEPT, Form, Without, kind_of
from mirrorbi.narrative import rules, sweep_summary
from mirrorbi.narrative.chat.tool_arguments import TOOLS as DECLARED
from mirrorbi.narrative.chat.tool_sweeps import KINDS as SWEPT_BY
from mirrorbi.narrative.chat.tool_sweeps import TOOLS
from mirrorbi.narrative.writer.claims import PROOFS
from mirrorbi.narrative.writer.evidence import EVIDENCE, Evidence
from mirrorbi.narrative.writer.lexicon import lexicon
from mirrorbi.narrative.writer.recount import recounted_quantities

ROOT = Path(mirrorbi.__file__).parent
BY_NAME = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


def strings(path):
    """Return the string constants of a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare
    }


def made_kinds(path):
    """Return the kinds that a module names where it makes a fact."""
    makers = {"blank": 0, "Fact": 0, "_fact": 1, "_column": 1, "_moved": 0}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in makers:
            continue
        given = [word.value for word in node.keywords if word.arg == "kind"]
        given += node.args[makers[name] : makers[name] + 1]
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


@BY_NAME
def test_a_kind_says_of_which_cells_it_speaks_or_why_of_none(kind):
    assert bool(kind.form.cells) != bool(kind.silent)
    for form in (kind.form, kind.over_time or Form(("all_data",))):
        assert (form.head is None) == (form.columns == ())
        assert set(form.observed) <= set(form.columns)
        assert "baseline" not in form.cells or "period" in form.cells
        # What is in a table is spoken of: line by line, or as rows without a value.
        assert form.head is None or {"lines", "nulls"} & set(form.cells)


@BY_NAME
def test_a_kind_has_a_title_or_a_reason_and_a_chart_where_it_has_a_table(kind):
    presentation = PRESENTATIONS[kind.name]
    if isinstance(presentation, Without):
        assert presentation.reason
        assert kind.form.head is None
    else:
        assert isinstance(presentation, Presentation)
        assert presentation.title
        assert (presentation.draw is not None) == (kind.form.head is not None)
        assert bool(presentation.form) == (kind.form.head is not None)
        if kind.form.head in ("member", "column"):
            assert presentation.described in kind.form.columns


@BY_NAME
def test_a_kind_is_told_by_a_section_of_the_rules_or_there_is_a_reason(kind):
    sections = rules.TOLD_IN[kind.name]
    if isinstance(sections, Without):
        assert sections.reason
        assert kind.on_request or not kind.swept
        return
    for name in sections:
        _, module = rules.SECTIONS[name]
        assert kind.name in strings(Path(module.__file__))


@pytest.mark.parametrize("name", rules.SECTIONS)
def test_a_section_tells_of_no_kind_that_it_is_not_registered_for(name):
    _, module = rules.SECTIONS[name]
    told = {
        kind
        for kind, sections in rules.TOLD_IN.items()
        if not isinstance(sections, Without) and name in sections
    }
    quantities = {quantity for kind in KINDS.values() for quantity in kind.quantities}
    named = strings(Path(module.__file__)) & set(KINDS)
    assert named - told <= quantities


@BY_NAME
def test_a_kind_is_evidence_for_the_writer(kind):
    evidence = EVIDENCE[kind.name]
    assert isinstance(evidence, Evidence) or evidence.reason
    if isinstance(evidence, Evidence):
        assert evidence.proves <= {*PROOFS, "zero", "full", "ends"}


def test_every_proof_of_the_lexicon_is_there():
    proofs = set(lexicon().proofs.values())
    assert proofs - {"both"} <= set(PROOFS)
    assert set(PROOFS) <= proofs


@BY_NAME
def test_a_kind_is_looked_for_by_a_tool_or_there_is_a_reason(kind):
    tools = TOOLS[kind.name]
    if isinstance(tools, Without):
        assert tools.reason
    else:
        assert kind.swept
        assert set(tools) <= set(DECLARED)
        assert all(kind.name in SWEPT_BY[tool] for tool in tools)


@BY_NAME
def test_figures_of_a_period_are_counted_again(kind):
    names = recounted_quantities(kind)
    plain = {"value", "base"} & set(kind.quantities)
    assert set(names) <= plain
    # The last value of a trend, what will be, and what was derived are those of no period.
    tells_value = "value" in plain and "period" in kind.form.cells
    assert ("value" in names) == tells_value


@pytest.mark.parametrize("room", [PRESENTATIONS, EVIDENCE, TOOLS, rules.TOLD_IN])
def test_no_room_names_a_kind_that_is_not_registered(room):
    assert set(room) <= set(KINDS)


def test_the_kinds_that_code_makes_are_registered_and_all_registered_ones_are_made():
    folder = ROOT / "facts" / "families"
    makers = [*folder.glob("*.py"), ROOT / "facts" / "derive.py"]
    makers += [ROOT / "narrative" / "sweep_summary.py"]
    makers += [ROOT / "privacy" / "disclosure_control" / "remainder.py"]
    made = {path: set(made_kinds(path)) for path in makers}
    for path, names in made.items():
        assert names <= set(KINDS), path
    named = set().union(*(strings(path) for path in makers))
    assert set(KINDS) <= named


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_a_module_that_names_its_kinds(family):
    module = import_module(f"mirrorbi.facts.families.{family}")
    named = strings(Path(inspect.getfile(module)))
    assert callable(module.find)
    assert set(FAMILIES[family]) - {"withheld"} <= named


def test_facts_carry_only_what_their_kind_declares(shop_data):
    facts = [*find_facts(shop_data, kinds=SWEPT)]
    facts += sweep_summary.summary_facts(find_facts(shop_data))
    assert {fact.kind for fact in facts} >= {"mix", "distribution", "cell", "sweep", "nulls"}
    for fact in facts:
        kind = kind_of(fact.kind)
        assert set(fact.quantities) <= set(kind.quantities), fact.kind
        assert kind.form_of(fact).fits(fact), fact.kind


def test_an_unknown_kind_is_an_error_that_names_the_nearest():
    with pytest.raises(FactError, match="Did you mean 'change'"):
        kind_of("chnge")
