"""The writer: facts go out through the gate, sentences come back, and each is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from mirrorbi.bedrock.request import Reply, Request, instruction
from mirrorbi.errors import AnswerError
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative import rules
from mirrorbi.narrative.cards import Cards
from mirrorbi.narrative.context import Context
from mirrorbi.narrative.narrative import Narrative
from mirrorbi.narrative.repetition import sections_of
from mirrorbi.narrative.writer.assembly import TextAssembly, compose
from mirrorbi.narrative.writer.authorship import authorship
from mirrorbi.narrative.writer.evidence import is_numerous
from mirrorbi.narrative.writer.progress import Progress, State, default_display
from mirrorbi.narrative.writer.recount import Recount, recount
from mirrorbi.narrative.writer.revision import Editor, require_drafts
from mirrorbi.narrative.writer.submission import read_submission
from mirrorbi.privacy.released import released_sweep

if TYPE_CHECKING:
    from mirrorbi.privacy.disclosure import Disclosure
    from mirrorbi.privacy.gate import Gate

FACTS = 60
"""Facts shown to Claude at most: what a director's page can use."""

REPAIRS = 2
"""How often failing sentences go back."""

LONGEST = 8_000
"""Tokens of an answer: forty sentences with their frame come to half of it."""

_EACH = 16
"""Facts of one kind shown at most, where there are many."""


class Sender(Protocol):
    """What calls Claude: `mirrorbi.bedrock.client.Claude`."""

    def send(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        """Return the answer to a request."""


def write(
    facts: FactSet,
    others: Sequence[FactSet] = (),
    *,
    claude: Sender,
    gate: Gate,
    locale: str = "en_GB",
    display: Callable[[list[tuple[str, State]]], None] | None = None,
) -> Narrative:
    """Return a narrative whose words and facts Claude chose, every figure filled by code.

    Parameters
    ----------
    facts
        The sweep that is told.
    others
        Further sweeps of the same data.
    claude
        Calls Claude.
    gate
        Of this conversation: what it does not let through is not sent.
    locale
        Of the number formats.
    display
        Shown each sentence and its state while they come; by default the notebook's
        output or the terminal, and nothing in a batch.

    Returns
    -------
    Narrative
        `Narrative.checked` is false where the headline or more than a fifth of the
        sentences failed: such a narrative is for its author, not for readers.

    Raises
    ------
    PrivacyError, ClaudeError
        If the gate, the ledger or the call fails; nothing is written then.
    AnswerError
        If no answer was one that can be read.
    """
    material = rules.Material(facts, others)
    disclosures = [gate.disclose(group) for group in facts_to_disclose(material) if group]
    disclosed = {name: gate.facts[name] for part in disclosures for name in part.handles}
    editor = Editor(disclosed, gate.dataset)
    progress = Progress(display or default_display() or _silent, disclosed, locale)
    calls = _Calls(claude, gate, disclosures, progress)
    calls.request_draft(editor)
    for _ in range(REPAIRS):
        if not editor.failing:
            break
        calls.repair(editor)
    assembly = compose(editor, rules.section_texts(material), material)
    return _narrative(facts, others, material, editor, assembly, calls, locale)


def facts_to_disclose(material: rules.Material) -> list[FactSet]:
    """Return the facts that are put before Claude by sweep, what must be told first."""
    further = [
        group.replace([f for f in group if f.kind == "change" and not f.scope][:_EACH])
        for group in material.others
    ]
    chosen: dict[str, Fact] = {fact.id: fact for fact in material.changes}
    if material.lead is not None:
        lead_parts = material.of("mix", "simpson", metric=material.lead.metric)
        lead_parts += material.of("mix_part", "contribution", metric=material.lead.metric)[:9]
        chosen |= {fact.id: fact for fact in lead_parts}
    counts: dict[str, int] = {}
    for fact in material.facts:
        counts[fact.kind] = counts.get(fact.kind, 0) + 1
        if not is_numerous(fact.kind) or counts[fact.kind] <= _EACH:
            chosen.setdefault(fact.id, fact)
    room = max(FACTS - sum(map(len, further)), 0)
    return [material.facts.replace(list(chosen.values())[:room]), *further]


class _Calls:
    """The conversation: what was sent, and what came back."""

    def __init__(
        self, claude: Sender, gate: Gate, disclosures: Sequence[Disclosure], progress: Progress
    ) -> None:
        self.claude = claude
        self.gate = gate
        self.progress = progress
        self.replies: list[Reply] = []
        self.disclosures: list[Disclosure] = list(disclosures)
        self._turns: tuple[Any, ...] = ((*disclosures, instruction("narrative_ask.md")),)

    def request_draft(self, editor: Editor) -> None:
        """Ask for the whole; once more if the answer cannot be read."""
        reply = self._send("narrative")
        try:
            editor.take(require_drafts(read_submission(reply)))
        except AnswerError:
            self._send_back(reply, {"codes": ["malformed"]})
            editor.take(require_drafts(read_submission(self._send("repair"))))
        self._settle(editor)

    def repair(self, editor: Editor) -> None:
        """Send back what fails; an answer that cannot be read mends nothing."""
        self._send_back(self.replies[-1], editor.notice())
        reply = self._send("repair")
        try:
            editor.amend(read_submission(reply))
        except AnswerError:
            return
        self._settle(editor)

    def _send_back(self, reply: Reply, codes: dict[str, Any]) -> None:
        notice = self.gate.notice(codes)
        self.disclosures.append(notice)
        self._turns = (*self._turns, reply, (notice, instruction("narrative_repair.md")))

    def _send(self, purpose: str) -> Reply:
        self.progress.again()
        request = Request(
            system=(instruction("narrative.md"),),
            turns=self._turns,
            schema=instruction("narrative.schema.json"),
            max_tokens=LONGEST,
            purpose=purpose,
        )
        reply = self.claude.send(request, on_text=self.progress.text)
        self.replies.append(reply)
        return reply

    def _settle(self, editor: Editor) -> None:
        failing = editor.failing
        self.progress.settle({d.template: d.id not in failing for d in editor.drafts.values()})


def _narrative(
    facts: FactSet,
    others: Sequence[FactSet],
    material: rules.Material,
    editor: Editor,
    assembly: TextAssembly,
    calls: _Calls,
    locale: str,
) -> Narrative:
    groups = (facts, *others)
    facts_by_id = {**material.facts_by_id, **editor.facts}
    context = Context(
        facts_by_id,
        tuple(released_sweep(group) for group in groups),
        {name: text for group in reversed(groups) for name, text in group.sql.items()},
        locale,
        "claude",
    )
    head = assembly.sections["headline"].sentences
    recounted = _recounted(head, facts_by_id, calls.gate)
    reasons = (*assembly.reasons, *(r.reason for r in recounted if r.reason))
    total = sum(len(part.sentences) for part in assembly.sections.values())
    record = authorship(
        calls.replies,
        calls.disclosures,
        regions=getattr(calls.claude, "regions", ()),
        policy=calls.gate.policy.sha256,
        entries=getattr(calls.claude, "entries", ()),
        counts={
            "sentences": total,
            "by_rules": assembly.by_rules,
            "replaced": assembly.replaced,
            "dropped": assembly.dropped,
        },
        reasons=reasons,
    )
    record["recounted"] = [r.to_dict() for r in recounted]
    context = replace(context, authorship=record)
    return Narrative(
        sections=sections_of(assembly.sections, context),
        cards=Cards.of(material.changes, material.whole("value"), context),
        context=context,
    )


def _recounted(head: Iterable[Any], facts_by_id: dict[str, Fact], gate: Gate) -> list[Recount]:
    cited = dict.fromkeys(key for sentence in head for key in sentence.facts.values())
    return [part for key in cited for part in recount(facts_by_id[key], gate.dataset)]


def _silent(_: list[tuple[str, State]]) -> None:
    """Show nothing."""
