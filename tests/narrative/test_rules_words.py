"""Every phrase of the rules passes the lint, also those of branches that no data here reaches."""

import ast
import re
from pathlib import Path

import pytest

from mirrorbi.narrative import rules
from mirrorbi.narrative.checks.template_lint import lint
from mirrorbi.wording.sentence import Sentence
from mirrorbi.wording.slots import PLACEHOLDER

MODULES = sorted(Path(rules.__file__).parent.glob("*.py"))
SAID = {"direction", "cause", "filler", "number", "time"}


def phrases(path):
    """Yield the texts of a module that are more than one word, without its docstrings."""
    tree = ast.parse(path.read_text())
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef)
    silent = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr)
    }
    silent |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = getattr(node, "value", None)
        if isinstance(node, ast.Constant) and isinstance(text, str) and id(node) not in silent:
            # A slot that is put together of pieces leaves half a slot at either end.
            bare = re.sub(r"^[^{]*\}\}|\{\{[^}]*$", "", PLACEHOLDER.sub("", text))
            if " " in bare.strip():
                yield node.lineno, bare


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_phrase_says_a_number_or_direction_of_its_own(path):
    found = [
        (line, problem.text)
        for line, text in phrases(path)
        for problem in lint(Sentence(f"{text}.", {}))
        if problem.rule in SAID
    ]
    assert not found
