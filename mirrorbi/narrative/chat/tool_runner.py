"""The tool runner: does what a tool's call asks, and hands back what may be seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mirrorbi.errors import FactError
from mirrorbi.facts.derive import derive, parents_of
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative.chat import tool_arguments as arguments
from mirrorbi.narrative.chat.answer import Computed
from mirrorbi.narrative.chat.answer_check import (
    CheckedAnswer,
    check_answer,
    drawable,
    with_own_sentences,
)
from mirrorbi.narrative.chat.tool_arguments import Mistake, parse
from mirrorbi.narrative.chat.tool_sweeps import Lookup, lookup_for, run_lookup
from mirrorbi.narrative.context import Context
from mirrorbi.narrative.writer.name_lint import Names
from mirrorbi.privacy.disclosure import canonical
from mirrorbi.privacy.released import released_sweep
from mirrorbi.wording.sentence import Sentence

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.disclosure import Disclosure
    from mirrorbi.privacy.gate import Gate

REPAIRS = 2
"""How often an answer with a failing sentence goes back."""


@dataclass(frozen=True, slots=True)
class FinalAnswer:
    """What an answer comes to.

    Parameters
    ----------
    sentences
        Checked.
    reason
        Why there is no answer, or not a whole one.
    drawn
        Facts worth a chart.
    replaced
        How many sentences are our own, or left out, in place of ones that failed.
    """

    sentences: tuple[Sentence, ...] = ()
    reason: str = ""
    drawn: tuple[Fact, ...] = ()
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call.

    Parameters
    ----------
    disclosure
        What goes back.
    failed
        Whether the call was wrong.
    final_answer
        The answer, where the call gave one that is final.
    computed
        What was asked of the data.
    """

    disclosure: Disclosure
    failed: bool = False
    final_answer: FinalAnswer | None = None
    computed: Computed | None = None


class ToolRunner:
    """Does what tools' calls ask, within one conversation.

    Parameters
    ----------
    dataset
        What is asked about.
    gate
        Of the same data set.
    """

    def __init__(self, dataset: Dataset, gate: Gate) -> None:
        self.dataset = dataset
        self.gate = gate
        self._sweeps: dict[str, FactSet] = {}
        self._handles: dict[bytes, list[str]] = {}
        self._repairs = 0
        self._checked: CheckedAnswer | None = None
        self._names: Names | None = None

    def begin(self) -> None:
        """Begin a question: what an earlier one said wrong is forgotten, its facts are not."""
        self._repairs = 0
        self._checked = None

    def run(self, tool: str, values: Any, *, is_last: bool = False) -> Outcome:
        """Return what comes of a call.

        Parameters
        ----------
        tool
            Its name, as Claude said it.
        values
            Its arguments, as Claude said them: any value that JSON can hold.
        is_last
            Whether no further call is possible: an answer is then final, whatever it is.
        """
        call = parse(tool, values)
        if isinstance(call, Mistake):
            return self._failure(call)
        if isinstance(call, arguments.Answer):
            return self._answer(call, is_last)
        key = canonical([tool, call.model_dump(mode="json")])
        if key in self._handles:
            notice = {"error": "repeated_call", "facts": self._handles[key]}
            return Outcome(self.gate.notice(notice), failed=True)
        if isinstance(call, arguments.Chart):
            return self._chart(call)
        outcome = (
            self._derive(call) if isinstance(call, arguments.Derive) else self._sweep(call, tool)
        )
        if not outcome.failed:
            self._handles[key] = list(outcome.disclosure.handles)
        return outcome

    def partial_answer(self, reason: str) -> FinalAnswer:
        """Return what is left of a question that found no answer: what passed, and why."""
        if self._checked is None:
            return FinalAnswer(reason=reason)
        return self._repaired(self._checked, "") or FinalAnswer(reason=reason)

    def context(self, final_answer: FinalAnswer, locale: str) -> Context:
        """Return the facts that an answer rests on, with the sweeps that find them again."""
        facts = {fact.id: fact for fact in self.gate.facts.values()}
        ids = [fact for sentence in final_answer.sentences for fact in sentence.facts.values()]
        fact_ids = list(dict.fromkeys([*ids, *(fact.id for fact in final_answer.drawn)]))
        sweep_ids = {*fact_ids}
        for key in fact_ids:
            if facts[key].kind == "derived":
                sweep_ids |= set(parents_of(facts[key])[0])
        sets = [self._sweeps[key] for key in sorted(sweep_ids) if key in self._sweeps]
        sweeps: list[Mapping[str, Any]] = []
        sql: dict[str, str] = {}
        for swept in sets:
            sweep = released_sweep(swept)
            if sweep not in sweeps:
                sweeps.append(sweep)
            sql |= swept.sql
        return Context(facts, tuple(sweeps), sql, locale, "claude")

    # -- the tools -----------------------------------------------------------------------

    def _sweep(self, call: arguments.Arguments, tool: str) -> Outcome:
        lookup = lookup_for(call, tool, self.gate)
        if isinstance(lookup, Mistake):
            return self._failure(lookup)
        facts = run_lookup(lookup, self.dataset, self.gate.policy)
        if isinstance(facts, Mistake):
            return self._failure(facts)
        if not len(facts):
            notice = {"result": "nothing_found", **self._empty_reason(lookup, facts)}
            computed = Computed(tool, facts.request)
            return Outcome(self.gate.notice(notice), computed=computed)
        # What was said of a fact stays: another sweep may give it another q.
        disclosed = {fact.id: fact for fact in self.gate.facts.values()}
        disclosure = self.gate.disclose(facts.replace(disclosed.get(f.id, f) for f in facts))
        for key in disclosure.handles.values():
            self._sweeps.setdefault(key, facts)
        ids = tuple(disclosure.handles.values())
        return Outcome(disclosure, computed=Computed(tool, facts.request, ids))

    def _empty_reason(self, lookup: Lookup, facts: FactSet) -> dict[str, str]:
        """Return why a lookup found nothing, where that is no secret."""
        if lookup.tool != "forecast" or facts.withheld or facts.request.get("where"):
            return {"reason": "withheld"} if facts.withheld else {}
        from mirrorbi.facts.families.forecast import refusal
        from mirrorbi.facts.sweep.request import definite

        names = ("metrics", "by", "where", "grain", "period", "compare")
        context = definite(self.dataset, **{name: facts.request[name] for name in names})
        reason = refusal(context, context.metrics[0])
        return {"reason": "too_short" if reason == "too_short" else "no_forecast"}

    def _derive(self, call: arguments.Derive) -> Outcome:
        parents = [self.gate.facts.get(name) for name in call.facts]
        released = [fact for fact in parents if fact is not None]
        if len(released) < len(parents):
            return self._failure(Mistake("unknown_fact", "facts"))
        try:
            fact = derive(call.op, released, of=call.of, metrics=self.dataset.metric)
        except FactError:
            return self._failure(Mistake("not_possible", "facts"))
        # Of released facts: nothing follows from it that did not follow from them.
        facts = FactSet([fact], origin=self.dataset, policy=self.gate.policy.sha256)
        disclosure = self.gate.disclose(facts)
        request = {"op": call.op, "facts": [parent.id for parent in released], "of": call.of}
        return Outcome(disclosure, computed=Computed("derive", request, (fact.id,)))

    def _chart(self, call: arguments.Chart) -> Outcome:
        fact = self.gate.facts.get(call.fact)
        if fact is None:
            return self._failure(Mistake("unknown_fact", "fact"))
        if not drawable(fact):
            return self._failure(Mistake("no_chart", "fact"))
        return Outcome(self.gate.notice({"result": "ok"}))

    def _answer(self, call: arguments.Answer, is_last: bool) -> Outcome:
        checked = check_answer(call, self.gate.facts, self._dataset_names())
        self._checked = checked
        if checked.clean:
            final_answer = FinalAnswer(
                tuple(s for s in checked.sentences if s is not None),
                call.cannot or "",
                checked.charts,
            )
            return Outcome(self.gate.notice({"result": "ok"}), final_answer=final_answer)
        self._repairs += 1
        if is_last or self._repairs > REPAIRS:
            final_answer = self._repaired(checked, call.cannot or "") or FinalAnswer(
                reason=call.cannot or "unproven"
            )
            return Outcome(self.gate.notice({"result": "final"}), final_answer=final_answer)
        return Outcome(self.gate.notice(checked.to_notice()), failed=True)

    # -- how -----------------------------------------------------------------------------

    @staticmethod
    def _repaired(checked: CheckedAnswer, reason: str) -> FinalAnswer | None:
        """Return the answer with our own sentences where Claude's failed, if any is left."""
        sentences = with_own_sentences(checked)
        if not sentences:
            return None
        replaced = sum(1 for sentence in checked.sentences if sentence is None)
        return FinalAnswer(
            sentences, reason, tuple(f for f in checked.charts if drawable(f)), replaced
        )

    def _failure(self, mistake: Mistake) -> Outcome:
        return Outcome(self.gate.notice(mistake.to_notice()), failed=True)

    def _dataset_names(self) -> Names:
        if self._names is None:
            self._names = Names.of(self.dataset, self.gate.facts.values())
        return self._names
