"""The editor: checks drafts, computes what they wish for, and sends back what fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mirrorbi.errors import AnswerError, FactError
from mirrorbi.facts.derive import derive
from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.checks.template_lint import Problem
from mirrorbi.narrative.writer.name_lint import Names
from mirrorbi.narrative.writer.strict_lint import strict_lint
from mirrorbi.narrative.writer.submission import Draft, Submission, Wish

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset

MOST_DERIVED = 20
"""Derived facts of one narrative."""


@dataclass
class Editor:
    """The state of one text.

    Parameters
    ----------
    disclosed
        The facts that were disclosed, by the names under which Claude sees them.
    dataset
        What they are about; ``None`` where that is not at hand.
    """

    disclosed: Mapping[str, Fact]
    dataset: Dataset | None = None
    derived: dict[str, Fact] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    problems: dict[str, tuple[Problem, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = Names.of(self.dataset, self.disclosed.values())
        self.handles = {name: fact.id for name, fact in self.disclosed.items()}
        """Fact id by the name that a template uses."""
        self.facts = {self.handles[name]: fact for name, fact in self.disclosed.items()}
        """Every fact that a sentence may cite, by id."""

    @property
    def failing(self) -> dict[str, tuple[Problem, ...]]:
        """The drafts that may not be shown, with what is wrong, in order."""
        return {name: self.problems[name] for name in self.drafts if self.problems[name]}

    def take(self, answer: Submission) -> None:
        """Take a first answer, whole."""
        self._derive(answer.wishes)
        for draft in answer.drafts:
            self.drafts[draft.id] = draft
        self._check(self.drafts)

    def amend(self, answer: Submission) -> None:
        """Take the repaired sentences; what already passed is not touched."""
        self._derive(answer.wishes)
        failing = self.failing
        for draft in answer.drafts:
            if draft.id in failing:
                old = self.drafts[draft.id]
                section = draft.section if old.section == "" else old.section
                self.drafts[draft.id] = Draft(
                    draft.id, section, draft.template, draft.point, draft.compare
                )
        self._check(failing)

    def check(self, draft: Draft) -> tuple[Problem, ...]:
        """Return what is wrong with one draft on its own."""
        problems = []
        if not draft.section:
            problems.append(Problem("section", draft.id, "Name one of the sections."))
        sentence = draft.sentence(self.handles)
        problems += strict_lint(sentence, self.facts, self.names, compare=draft.compare)
        return tuple(problems)

    def notice(self) -> dict[str, object]:
        """Return what is wrong, in the closed words that may be said to Claude."""
        return {
            "sentences": [
                {"name": name, "codes": sorted({problem.rule for problem in problems})}
                for name, problems in self.failing.items()
            ]
        }

    def _check(self, names: Mapping[str, object]) -> None:
        for name in list(names):
            self.problems[name] = self.check(self.drafts[name])
        heads = [d.id for d in self.drafts.values() if d.section == "headline"]
        for name in heads[1:]:
            extra = Problem("headline", name, "There is one headline; put this under changed.")
            self.problems[name] = (*self.problems[name], extra)

    def _derive(self, wishes: tuple[Wish, ...]) -> None:
        for wish in wishes:
            if len(self.derived) >= MOST_DERIVED or wish.name in self.derived:
                continue
            fact = self._computed(wish)
            if fact is not None:
                self.derived[wish.name] = fact
                self.handles[wish.name] = fact.id
                self.facts[fact.id] = fact

    def _computed(self, wish: Wish) -> Fact | None:
        pairs = [part.partition(".") for part in wish.of]
        parents = {**self.disclosed, **self.derived}
        if not all(name in self.disclosed for name, _, _ in pairs):
            return None
        metrics = self.dataset.metric if self.dataset is not None else None
        try:
            return derive(
                wish.op,
                [parents[name] for name, _, _ in pairs],
                of=[quantity or parents[name].estimate for name, _, quantity in pairs],
                metrics=metrics,
            )
        except FactError:
            # A figure that cannot be computed is not there: its slots fail the lint.
            return None


def require_drafts(answer: Submission) -> Submission:
    """Return an answer that holds a sentence.

    Raises
    ------
    AnswerError
        If it holds none.
    """
    if not answer.drafts:
        raise AnswerError(
            "Claude handed in no sentence.", hint="Run again, or use --narrator rules."
        )
    return answer
