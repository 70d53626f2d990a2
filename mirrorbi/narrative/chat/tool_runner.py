"""The desk: does what a tool's call asks, and hands back what may be seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mirrorbi.errors import FactError
from mirrorbi.facts.derive import derive, parents_of
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative.chat import tool_arguments as said
from mirrorbi.narrative.chat.answer import Computed
from mirrorbi.narrative.chat.answer_check import Judged, drawable, judge, stand_in
from mirrorbi.narrative.chat.tool_arguments import Mistake, parse
from mirrorbi.narrative.chat.tool_sweeps import Lookup, lookup, narrowed, run
from mirrorbi.narrative.context import Context
from mirrorbi.narrative.writer.name_lint import Names
from mirrorbi.privacy.disclosure import canonical
from mirrorbi.wording.sentence import Sentence

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.disclosure import Disclosure
    from mirrorbi.privacy.gate import Gate

REPAIRS = 2
"""How often an answer with a failing sentence goes back."""


@dataclass(frozen=True, slots=True)
class Done:
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
    done
        The answer, where the call gave one that is final.
    computed
        What was asked of the data.
    """

    disclosure: Disclosure
    failed: bool = False
    done: Done | None = None
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
        self._answered: dict[bytes, list[str]] = {}
        self._repairs = 0
        self._judged: Judged | None = None
        self._names: Names | None = None

    def begin(self) -> None:
        """Begin a question: what an earlier one said wrong is forgotten, its facts are not."""
        self._repairs = 0
        self._judged = None

    def do(self, tool: str, given: Any, *, last: bool = False) -> Outcome:
        """Return what comes of a call.

        Parameters
        ----------
        tool
            Its name, as Claude said it.
        given
            Its arguments, as Claude said them: any value that JSON can hold.
        last
            Whether no further call is possible: an answer is then final, whatever it is.
        """
        call = parse(tool, given)
        if isinstance(call, Mistake):
            return self._wrong(call)
        if isinstance(call, said.Answer):
            return self._answer(call, last)
        key = canonical([tool, call.model_dump(mode="json")])
        if key in self._answered:
            notice = {"error": "repeated_call", "facts": self._answered[key]}
            return Outcome(self.gate.notice(notice), failed=True)
        if isinstance(call, said.Chart):
            return self._chart(call)
        outcome = self._derive(call) if isinstance(call, said.Derive) else self._look(call, tool)
        if not outcome.failed:
            self._answered[key] = list(outcome.disclosure.handles)
        return outcome

    def last(self, reason: str) -> Done:
        """Return what is left of a question that found no answer: what passed, and why."""
        if self._judged is None:
            return Done(reason=reason)
        return self._made(self._judged, "") or Done(reason=reason)

    def context(self, done: Done, locale: str) -> Context:
        """Return the facts that an answer rests on, with the sweeps that find them again."""
        facts = {fact.id: fact for fact in self.gate.facts.values()}
        ids = [fact for sentence in done.sentences for fact in sentence.facts.values()]
        wanted = list(dict.fromkeys([*ids, *(fact.id for fact in done.drawn)]))
        needed = {*wanted}
        for key in wanted:
            if facts[key].kind == "derived":
                needed |= set(parents_of(facts[key])[0])
        sets = [self._sweeps[key] for key in sorted(needed) if key in self._sweeps]
        sweeps: list[Mapping[str, Any]] = []
        sql: dict[str, str] = {}
        for found in sets:
            if found.sweep() not in sweeps:
                sweeps.append(found.sweep())
            sql |= found.sql
        return Context(facts, tuple(sweeps), sql, locale, "claude")

    # -- the tools -----------------------------------------------------------------------

    def _look(self, call: said.Arguments, tool: str) -> Outcome:
        asked = lookup(call, tool, self.gate)
        if isinstance(asked, Mistake):
            return self._wrong(asked)
        found = run(asked, self.dataset, self.gate.policy)
        if isinstance(found, Mistake):
            return self._wrong(found)
        if not len(found):
            notice = {"result": "nothing_found", **self._why(asked, found)}
            computed = Computed(tool, found.request)
            return Outcome(self.gate.notice(notice), computed=computed)
        # What was said of a fact stays: another sweep may give it another q.
        known = {fact.id: fact for fact in self.gate.facts.values()}
        disclosure = self.gate.disclose(narrowed(found, [known.get(f.id, f) for f in found]))
        for key in disclosure.handles.values():
            self._sweeps.setdefault(key, found)
        ids = tuple(disclosure.handles.values())
        return Outcome(disclosure, computed=Computed(tool, found.request, ids))

    def _why(self, asked: Lookup, found: FactSet) -> dict[str, str]:
        """Return why a lookup found nothing, where that is no secret."""
        if asked.tool != "forecast" or found.withheld or found.request.get("where"):
            return {"reason": "withheld"} if found.withheld else {}
        from mirrorbi.facts.families.forecast import refusal
        from mirrorbi.facts.sweep.request import definite

        named = ("metrics", "by", "where", "grain", "period", "compare")
        scan = definite(self.dataset, **{name: found.request[name] for name in named})
        why = refusal(scan, scan.metrics[0])
        return {"reason": "too_short" if why == "too_short" else "no_forecast"}

    def _derive(self, call: said.Derive) -> Outcome:
        parents = [self.gate.facts.get(name) for name in call.facts]
        known = [fact for fact in parents if fact is not None]
        if len(known) < len(parents):
            return self._wrong(Mistake("unknown_fact", "facts"))
        try:
            fact = derive(call.op, known, of=call.of, metrics=self.dataset.metric)
        except FactError:
            return self._wrong(Mistake("not_possible", "facts"))
        # Of released facts: nothing follows from it that did not follow from them.
        found = FactSet([fact], origin=self.dataset, policy=self.gate.policy.sha256)
        disclosure = self.gate.disclose(found)
        request = {"op": call.op, "facts": [one.id for one in known], "of": call.of}
        return Outcome(disclosure, computed=Computed("derive", request, (fact.id,)))

    def _chart(self, call: said.Chart) -> Outcome:
        fact = self.gate.facts.get(call.fact)
        if fact is None:
            return self._wrong(Mistake("unknown_fact", "fact"))
        if not drawable(fact):
            return self._wrong(Mistake("no_chart", "fact"))
        return Outcome(self.gate.notice({"result": "ok"}))

    def _answer(self, call: said.Answer, last: bool) -> Outcome:
        judged = judge(call, self.gate.facts, self._known_names())
        self._judged = judged
        if judged.clean:
            done = Done(
                tuple(s for s in judged.sentences if s is not None),
                call.cannot or "",
                judged.charts,
            )
            return Outcome(self.gate.notice({"result": "ok"}), done=done)
        self._repairs += 1
        if last or self._repairs > REPAIRS:
            done = self._made(judged, call.cannot or "") or Done(reason=call.cannot or "unproven")
            return Outcome(self.gate.notice({"result": "final"}), done=done)
        return Outcome(self.gate.notice(judged.to_notice()), failed=True)

    # -- how -----------------------------------------------------------------------------

    @staticmethod
    def _made(judged: Judged, reason: str) -> Done | None:
        """Return the answer with our own sentences where Claude's failed, if any is left."""
        kept = stand_in(judged)
        if not kept:
            return None
        own = sum(1 for sentence in judged.sentences if sentence is None)
        return Done(kept, reason, tuple(f for f in judged.charts if drawable(f)), own)

    def _wrong(self, mistake: Mistake) -> Outcome:
        return Outcome(self.gate.notice(mistake.to_notice()), failed=True)

    def _known_names(self) -> Names:
        if self._names is None:
            self._names = Names.of(self.dataset, self.gate.facts.values())
        return self._names
