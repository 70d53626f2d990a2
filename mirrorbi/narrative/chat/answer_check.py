"""What Claude said in an answer: checked sentence by sentence, and replaced where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mirrorbi.charts import KINDS as DRAWN
from mirrorbi.charts.titles import title
from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.chat.tool_arguments import Answer as AnswerArguments
from mirrorbi.narrative.checks.template_lint import Problem
from mirrorbi.narrative.writer.strict_lint import strict_lint
from mirrorbi.wording.sentence import Sentence

if TYPE_CHECKING:
    from mirrorbi.narrative.writer.name_lint import Names

_FILTER = Problem("scope", "where", "Name the filter of the fact: {{f1.where}}.")
_FORECAST = Problem("claim", "forecast", "Say that it is expected, or a forecast.")
_FORECAST_WORDS = frozenset(
    {"expected", "expects", "expect", "forecast", "likely", "will", "would"}
)


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """An answer after its check.

    Parameters
    ----------
    sentences
        Those that may be filled and shown, in order; ``None`` for one that may not.
    problems
        Per sentence, what is wrong with it.
    cited
        Per sentence, the facts that it names and that there are.
    charts
        The facts to be drawn.
    mistakes
        What is wrong with the answer as a whole, in closed words.
    """

    sentences: tuple[Sentence | None, ...]
    problems: tuple[tuple[Problem, ...], ...]
    cited: tuple[tuple[Fact, ...], ...]
    charts: tuple[Fact, ...]
    mistakes: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.mistakes and not any(self.problems)

    def to_notice(self) -> dict[str, Any]:
        """Return what is wrong as it goes back to Claude: codes, never words of the answer."""
        notice: dict[str, Any] = {"error": "answer"}
        sentences = [
            {"sentence": i, "codes": sorted({problem.rule for problem in problems})}
            for i, problems in enumerate(self.problems, 1)
            if problems
        ]
        if sentences:
            notice["sentences"] = sentences
        if self.mistakes:
            notice["codes"] = list(self.mistakes)
        return notice


def check_answer(answer: AnswerArguments, facts: Mapping[str, Fact], names: Names) -> CheckedAnswer:
    """Check an answer.

    Parameters
    ----------
    answer
        What Claude said.
    facts
        Everything disclosed in the conversation, by handle.
    names
        Those of the data set, which may not be typed.
    """
    by_id = {fact.id: fact for fact in facts.values()}
    sentences: list[Sentence | None] = []
    problems: list[tuple[Problem, ...]] = []
    cited: list[tuple[Fact, ...]] = []
    for part in answer.sentences:
        handles = dict.fromkeys(name for name, _ in Sentence(part.text).slots)
        sentence = Sentence(
            part.text,
            {name: facts[name].id if name in facts else name for name in handles},
            "answer",
        )
        cited_facts = tuple(facts[name] for name in handles if name in facts)
        sentence_problems = (
            *strict_lint(sentence, by_id, names, compare=part.compare),
            *_filter_problems(sentence, cited_facts),
            *_forecast_problems(sentence, cited_facts),
        )
        sentences.append(None if sentence_problems else sentence)
        problems.append(tuple(sentence_problems))
        cited.append(cited_facts)
    drawn = [facts[name] for name in answer.charts if name in facts]
    mistakes = []
    if not answer.sentences and answer.cannot is None:
        mistakes.append("empty")
    if any(name not in facts for name in answer.charts):
        mistakes.append("unknown_fact")
    elif not all(drawable(fact) for fact in drawn):
        mistakes.append("no_chart")
    return CheckedAnswer(
        tuple(sentences),
        tuple(problems),
        tuple(cited),
        _unique(drawn),
        tuple(mistakes),
    )


def with_own_sentences(checked: CheckedAnswer) -> tuple[Sentence, ...]:
    """Return the sentences that pass, and for each other one what our own words say.

    In place of a sentence that failed stands the finding of the first fact that it cites,
    as it stands above the fact's chart; a sentence without a fact is left out.
    """
    sentences: list[Sentence] = []
    for sentence, facts in zip(checked.sentences, checked.cited, strict=True):
        own_sentence = sentence or next(
            (s for fact in facts if (s := finding(fact)) is not None), None
        )
        if own_sentence is not None and own_sentence not in sentences:
            sentences.append(own_sentence)
    return tuple(sentences)


def finding(fact: Fact) -> Sentence | None:
    """Return a fact in one sentence of ours, ``None`` for a kind that has none."""
    heading = title(fact)
    if heading is None:
        return None
    return Sentence(f"{heading.template}.", heading.facts, "finding")


def drawable(fact: Fact) -> bool:
    """Return whether a fact has a chart."""
    return fact.kind in DRAWN and fact.table is not None and bool(fact.table.rows)


def _filter_problems(sentence: Sentence, facts: Iterable[Fact]) -> tuple[Problem, ...]:
    """Return a problem where a fact was found under a filter that is not named."""
    slots = {(name, slot) for name, slot in sentence.slots}
    named = {sentence.facts[name] for name, slot in slots if slot == "where"}
    unnamed = [fact for fact in facts if "where" in fact.terms and fact.id not in named]
    return (_FILTER,) if unnamed else ()


def _forecast_problems(sentence: Sentence, facts: Sequence[Fact]) -> tuple[Problem, ...]:
    """Return a problem where a forecast is said as if it had happened."""
    if not any(fact.kind == "forecast" for fact in facts):
        return ()
    words = {word.strip(".,;:()").lower() for word in sentence.template.split()}
    return () if words & _FORECAST_WORDS else (_FORECAST,)


def _unique(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple({fact.id: fact for fact in facts}.values())
