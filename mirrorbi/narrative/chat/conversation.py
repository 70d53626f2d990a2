"""A conversation: questions about one data set, whose facts stay from one to the next."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mirrorbi.bedrock.request import (
    Part,
    Reply,
    Request,
    Tool,
    ToolResult,
    ToolUse,
    Usage,
    instruction,
)
from mirrorbi.errors import AnswerError, CancelledError
from mirrorbi.narrative.chat.answer import Answer, Computed
from mirrorbi.narrative.chat.answer_proof import proven, with_authorship
from mirrorbi.narrative.chat.tool_arguments import TOOLS
from mirrorbi.narrative.chat.tool_runner import FinalAnswer, ToolRunner
from mirrorbi.wording.numbers import locale_of

if TYPE_CHECKING:
    from mirrorbi.bedrock.client import Claude
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.facts.fact import Fact
    from mirrorbi.privacy.disclosure import Disclosure
    from mirrorbi.privacy.gate import Gate

_SYSTEM = ("ask.md", "voice.md")
_FINAL = ("guardrail_intervened", "content_filtered", "model_context_window_exceeded")
"""Why Claude may stop where asking again is of no use."""

_HINT = "Ask again with --no-cache (cache=False), or ask another --model."

_UNUSABLE = 2
"""Replies in one question that cannot be used before it is an error."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one question may go.

    Parameters
    ----------
    turns
        Calls to Claude, the last of which must answer.
    tokens
        Read and written, over all calls.
    seconds
        From question to answer.
    uses
        Calls of tools that are done in one turn.
    output
        Tokens of one reply.
    """

    turns: int = 8
    tokens: int = 250_000
    seconds: float = 180.0
    uses: int = 6
    output: int = 2048


@dataclass
class _Round:
    """One question on its way."""

    turns: list[tuple[Part, ...] | Reply]
    output: int
    usage_before: Usage
    first_entry: int
    calls: int = 0
    unusable: int = 0
    model: str = ""
    replies: list[Reply] = field(default_factory=list)
    disclosures: tuple[Disclosure, ...] = ()
    computed: list[Computed] = field(default_factory=list)


class Conversation:
    """Questions and answers about one data set.

    The gate is one for the whole conversation, so that what follows from several answers
    together is judged together; facts keep their names, so that a further question can
    rest on those of an earlier one.

    Parameters
    ----------
    dataset
        What is asked about.
    claude
        The client.
    gate
        Of the same data set.
    locale
        Of the answers' number formats.
    limits
        How far one question may go.

    Raises
    ------
    WordingError
        If the locale is not known.
    """

    def __init__(
        self,
        dataset: Dataset,
        claude: Claude,
        gate: Gate,
        *,
        locale: str = "en_GB",
        limits: Limits | None = None,
    ) -> None:
        locale_of(locale)
        self.dataset = dataset
        self.claude = claude
        self.gate = gate
        self.locale = locale
        self.limits = limits or Limits()
        self.answers: list[Answer] = []
        self._runner = ToolRunner(dataset, gate)
        self._turns: tuple[tuple[Part, ...] | Reply, ...] = ()
        self._open: tuple[Part, ...] = ()

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Every fact of the conversation, by the name under which Claude knows it."""
        return self.gate.facts

    @property
    def usage(self) -> Usage:
        """Tokens and cost of the whole conversation."""
        return sum((answer.usage for answer in self.answers), Usage())

    def ask(self, question: str) -> Answer:
        """Answer a question.

        Raises
        ------
        RefusedError
            If the question holds personal data, or the policy does not allow Claude.
        AnswerError
            If a reply was filtered, or replies could not be used again and again.
        MirrorBIError
            Anything that the client raises: credentials, access, budget, throttling.
        """
        self._runner.begin()
        vocabulary = self.gate.vocabulary()
        tools = tuple(Tool(instruction(f"tool_{name}.json"), vocabulary) for name in TOOLS)
        disclosed_question = self.gate.question(question)
        opening: tuple[Part, ...] = (
            (disclosed_question,) if self._turns else (vocabulary, disclosed_question)
        )
        round_ = _Round(
            [*self._turns, (*self._open, *opening)],
            self.limits.output,
            self.claude.budget.usage,
            len(self.claude.entries),
        )
        final_answer: FinalAnswer | None = None
        reason = "turns"
        stop = threading.Event()
        timer = threading.Timer(self.limits.seconds, stop.set)
        timer.daemon = True
        timer.start()
        try:
            while final_answer is None:
                is_last = round_.calls >= self.limits.turns - 1 or self._tokens_are_spent(round_)
                if is_last:
                    self._add_instruction(round_, "ask_finish.md")
                final_answer = self._turn(round_, tools, is_last, stop)
                if is_last and final_answer is None:
                    break
        except CancelledError:
            if not stop.is_set():
                raise
            reason = "time"
        finally:
            timer.cancel()
        if final_answer is None:
            reason = "tokens" if reason == "turns" and self._tokens_are_spent(round_) else reason
            final_answer = self._runner.partial_answer(reason)
        return self._finish(question, round_, final_answer)

    # -- one call ------------------------------------------------------------------------

    def _turn(
        self, round_: _Round, tools: tuple[Tool, ...], is_last: bool, stop: threading.Event
    ) -> FinalAnswer | None:
        request = Request(
            system=tuple(instruction(name) for name in _SYSTEM),
            turns=tuple(round_.turns),
            tools=tools,
            tool="answer" if is_last else None,
            max_tokens=round_.output,
            purpose="ask",
        )
        round_.disclosures = request.disclosures
        try:
            reply = self.claude.send(request, cancel=stop)
        except AnswerError as error:
            self._retry(round_, error)
            return None
        finally:
            round_.calls += 1
        round_.model = reply.model or round_.model
        round_.replies.append(reply)
        unusable = self._unusable(round_, reply)
        if unusable is not None:
            self._retry(round_, unusable)
            return None
        round_.turns.append(reply)
        results: list[Part] = []
        final_answer: FinalAnswer | None = None
        for place, use in enumerate(reply.tool_uses):
            result, finished, computed = self._run_tool(use, place, is_last)
            results.append(result)
            round_.computed += [computed] if computed is not None else []
            final_answer = final_answer or finished
        round_.turns.append(tuple(results))
        return final_answer

    def _run_tool(
        self, use: ToolUse, place: int, is_last: bool
    ) -> tuple[ToolResult, FinalAnswer | None, Computed | None]:
        if place >= self.limits.uses and use.name != "answer":
            notice = self.gate.notice({"error": "too_many", "tool": "calls"})
            return ToolResult(use.id, notice, failed=True), None, None
        outcome = self._runner.run(use.name, use.input, is_last=is_last)
        return (
            ToolResult(use.id, outcome.disclosure, failed=outcome.failed),
            outcome.final_answer,
            outcome.computed,
        )

    def _unusable(self, round_: _Round, reply: Reply) -> AnswerError | None:
        """Return why a reply cannot be built upon, ``None`` if it can."""
        ids = [use.id for use in reply.tool_uses]
        before = (turn for turn in round_.turns if isinstance(turn, Reply))
        if {use.id for other in before for use in other.tool_uses} & set(ids):
            return AnswerError("Claude named two calls of a tool alike.", hint=_HINT)
        if not ids:
            return AnswerError("Claude answered in free text, which is not shown.", hint=_HINT)
        return None

    def _retry(self, round_: _Round, error: AnswerError) -> None:
        """Ask again in place of a reply that cannot be used; it is not sent back.

        Raises
        ------
        AnswerError
            If another reply would be no better, or there were too many.
        """
        round_.unusable += 1
        if error.stop in _FINAL or round_.unusable > _UNUSABLE:
            raise error
        if error.stop == "max_tokens":
            round_.output *= 2
        self._add_instruction(
            round_, "ask_short.md" if error.stop == "max_tokens" else "ask_again.md"
        )

    def _add_instruction(self, round_: _Round, name: str) -> None:
        """Add a static text to our last turn; what could not be used is not sent back."""
        turn = round_.turns[-1]
        assert not isinstance(turn, Reply)  # noqa: S101 (ours always follows a reply)
        # Said as often as needed: the same request would get the same answer from the cache.
        round_.turns[-1] = (*turn, instruction(name))

    def _tokens_are_spent(self, round_: _Round) -> bool:
        used = usage_between(self.claude.budget.usage, round_.usage_before)
        total = used.input + used.output + used.cache_read + used.cache_write
        return total >= self.limits.tokens

    # -- the end -------------------------------------------------------------------------

    def _finish(self, question: str, round_: _Round, final_answer: FinalAnswer) -> Answer:
        *turns, final = round_.turns
        assert not isinstance(final, Reply)  # noqa: S101 (ours always follows a reply)
        if any(isinstance(part, ToolResult) for part in final):
            # Kept, so that a further question goes on from here.
            self._turns, self._open = (
                tuple(turns),
                tuple(part for part in final if isinstance(part, ToolResult)),
            )
        answer = Answer(
            question=question,
            sentences=final_answer.sentences,
            reason=final_answer.reason,
            drawn=final_answer.drawn,
            computed=tuple(round_.computed),
            usage=usage_between(self.claude.budget.usage, round_.usage_before),
            calls=round_.calls,
            model=round_.model,
            replaced=final_answer.replaced,
            context=self._runner.context(final_answer, self.locale),
            conversation=self,
        )
        answer, recounts = proven(answer, self.dataset)
        answer = with_authorship(
            answer,
            self.claude,
            self.gate.policy.sha256,
            round_.replies,
            round_.disclosures,
            self.claude.entries[round_.first_entry :],
            recounts,
        )
        self.answers.append(answer)
        return answer


def usage_between(after: Usage, before: Usage) -> Usage:
    """Return what was used between two moments.

    Examples
    --------
    >>> usage_between(Usage(input=5, output=3), Usage(input=2)).input
    3
    """
    is_priced = after.cost is not None and before.cost is not None
    return Usage(
        after.input - before.input,
        after.output - before.output,
        after.cache_read - before.cache_read,
        after.cache_write - before.cache_write,
        after.cost - before.cost if is_priced else None,  # type: ignore[operator]
    )
