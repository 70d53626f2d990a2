"""The strict lint: what a sentence written by a model must pass before it is filled.

It reads the template, never the filled text, so that a true figure cannot hide a false
word. Nothing here trusts the instructions that the model was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.checks.template_lint import Problem
from mirrorbi.narrative.writer.binding import lint_binding
from mirrorbi.narrative.writer.claims import lint_words
from mirrorbi.narrative.writer.clauses import Token, tokens_of
from mirrorbi.narrative.writer.lexicon import lexicon
from mirrorbi.narrative.writer.name_lint import Names, lint_names
from mirrorbi.narrative.writer.slot_roles import lint_roles
from mirrorbi.narrative.writer.text_lint import lint_letters, lint_spelling
from mirrorbi.wording.sentence import Sentence
from mirrorbi.wording.slots import PLACEHOLDER, fill_slot

LONGEST = 400
"""Characters of a template: a sentence, not a paragraph."""

_INNER = frozenset({"from", "op", "by", "model", "shape", "mark"})
"""Terms that no reader is to see."""


def strict_lint(
    sentence: Sentence,
    facts: Mapping[str, Fact],
    names: Names | None = None,
    *,
    compare: bool = False,
) -> tuple[Problem, ...]:
    """Return what is wrong with a sentence; nothing if it may be filled and shown.

    Parameters
    ----------
    sentence
        The template, and fact ids by the names that it uses.
    facts
        The facts by id.
    names
        Those of the data set: no member may be typed.
    compare
        Whether the sentence declares that it sets facts side by side.

    Examples
    --------
    >>> from mirrorbi.facts.fact import Quantity
    >>> f = Fact("value", "sales", "Sales", quantities={"value": Quantity.of(12, "count")})
    >>> [p.rule for p in strict_lint(Sentence("{{f.metric}} soared.", {"f": f.id}), {f.id: f})]
    ['direction']
    """
    cited = {name: facts[key] for name, key in sentence.facts.items() if key in facts}
    tokens = tokens_of(sentence.template)
    problems = [
        *_form(sentence),
        *lint_letters(sentence.template),
        *lint_spelling(tokens),
        *_slots(tokens, sentence, cited),
        *lint_words(tokens, cited),
        *lint_names(tokens, names or Names(), cited),
        *lint_roles(tokens, cited),
        *lint_binding(tokens, cited, compare=compare),
    ]
    return tuple(dict.fromkeys(problems))


def _form(sentence: Sentence) -> Iterator[Problem]:
    template = sentence.template
    bare = PLACEHOLDER.sub(" ", template)
    if "{" in bare or "}" in bare or "%}" in template:
        yield Problem("slot", "{", "Write a slot as {{f1.value}}.")
    if not template.endswith((".", "?")) or not template.strip():
        yield Problem("form", template[-20:], "End a sentence with a full stop.")
    if len(template) > LONGEST:
        yield Problem("length", f"{len(template)}", "Write one idea in a sentence.")
    used = {name for name, _ in sentence.slots}
    for name in sentence.facts:
        if name not in used:
            yield Problem("unused", name, "Cite a fact only where a slot uses it.")


def _slots(
    tokens: tuple[Token, ...], sentence: Sentence, cited: Mapping[str, Fact]
) -> Iterator[Problem]:
    for token in tokens:
        if token.kind != "slot":
            continue
        fact = cited.get(token.name)
        slot_text = f"{token.name}.{token.slot}"
        if fact is None:
            yield Problem("slot", slot_text, "Name a fact that was given.")
            continue
        if token.head in _INNER:
            yield Problem("slot", slot_text, "That is for the machine; use {{f1.dimension}}.")
            continue
        if token.choice and set(token.choice.split("|")) - lexicon().choices:
            yield Problem("slot", slot_text, "A choice is of row|rows, is|are and the like.")
            continue
        try:
            fill_slot(fact, token.slot)
        except WordingError as error:
            yield Problem("slot", slot_text, str(error))
