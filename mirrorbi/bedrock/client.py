"""The client: the only place from which anything is sent to Claude."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mirrorbi.bedrock.budget import Budget, Reservation
from mirrorbi.bedrock.cache import AnswerCache, key_of
from mirrorbi.bedrock.call import Call
from mirrorbi.bedrock.cost import estimate
from mirrorbi.bedrock.request import Instruction, Reply, Request, RunTag, Usage, _sealed
from mirrorbi.bedrock.request_body import body_of, hash_of, metadata_of
from mirrorbi.bedrock.residency import Route, route_for
from mirrorbi.connections.boto_session import region_of
from mirrorbi.errors import BudgetError, RefusedError
from mirrorbi.privacy.ledger import Intent, Ledger
from mirrorbi.privacy.policy import Policy
from mirrorbi.settings import ClaudeSettings


class Claude:
    """Claude on Amazon Bedrock, for one run or conversation. May be used by several threads.

    What can be sent is a `Request`: our own static text, disclosures of the gate and
    Claude's own replies. Each call is in the ledger before it is made; without that, it is
    not made.

    Parameters
    ----------
    settings
        Model, region, residency, timeouts, attempts.
    ledger
        Where the call is written down.
    policy
        What may leave: who may write, where it may be processed.
    tag
        Run and user, for ledger and request metadata.
    budget
        Asked before anything is spent; without one, nothing limits the cost.
    cache
        Answers kept; without one, every request is sent.
    session
        A boto3 session to use instead of the one that settings name.

    Examples
    --------
    >>> from mirrorbi.privacy.ledger import FileLedger
    >>> claude = Claude(
    ...     ClaudeSettings(region="eu-west-1", residency="geo"),
    ...     ledger=FileLedger("ledger"),
    ...     policy=Policy(narrators=("rules", "claude")),
    ... )
    >>> claude.model, claude.regions[:2]
    ('eu.anthropic.claude-sonnet-4-6', ('eu-central-1', 'eu-north-1'))
    """

    def __init__(
        self,
        settings: ClaudeSettings | None = None,
        *,
        ledger: Ledger,
        policy: Policy,
        tag: RunTag | None = None,
        budget: Budget | None = None,
        cache: AnswerCache | None = None,
        session: Any = None,
    ) -> None:
        self.settings = settings if settings is not None else ClaudeSettings()
        self.ledger = ledger
        self.policy = policy
        self.tag = tag if tag is not None else RunTag()
        self.budget = budget if budget is not None else Budget()
        # An answer holds names from the payload, of which the disk is to have the hash alone.
        self.cache = cache if policy.retention == "full" else None
        self.entries: list[str] = []
        """Ids of the ledger's entries of every call made, in order."""
        self._session = session
        self._route: Route | None = None

    @property
    def route(self) -> Route:
        """How the model is called, and where the call may be processed.

        Raises
        ------
        SettingsError
            If nothing says which region.
        ModelIdError
            If the model is unknown or past its end of life.
        ResidencyError
            If the call would leave what settings or policy allow.
        """
        if self._route is None:
            region = region_of(self.settings, self._session)
            self._route = route_for(self.settings, region, self.policy.regions)
        return self._route

    @property
    def model(self) -> str:
        """Id of the model or profile that is called."""
        return self.route.id

    @property
    def regions(self) -> tuple[str, ...]:
        """AWS regions that may process a call; ``("global",)`` if any may."""
        return self.route.regions

    def send(
        self,
        request: Request,
        on_text: Callable[[str], object] | None = None,
        cancel: threading.Event | None = None,
    ) -> Reply:
        """Send a request and return the whole answer.

        Parameters
        ----------
        request
            What is asked.
        on_text
            Called with each piece of text as it comes: not yet checked, and no answer
            until this returns.
        cancel
            Stops the call when it is set.

        Raises
        ------
        RefusedError
            If the policy does not let Claude write, or a part was forged, changed, or let
            through under another policy.
        ResidencyError, ModelIdError, BudgetError, LedgerError
            Before Claude is called. Where there is a budget, Bedrock may have counted the
            tokens by then, and the ledger has the entry.
        CredentialsError, AccessError, ThrottledError, UnavailableError
            If Bedrock did not serve the call.
        BrokenStreamError
            If the answer broke off; what came is not used.
        AnswerError
            If it was cut, filtered or malformed.
        CancelledError
            If it was stopped.
        """
        self._allow(request)
        route = self.route
        body = self._body(request, route)
        key = key_of(request, route.id, self.policy.sha256, self._answer_options(body))
        cached_reply = self.cache.get(key) if self.cache is not None else None
        if cached_reply is not None:
            self.budget.count_cached()
            if on_text is not None and cached_reply.text:
                on_text(cached_reply.text)
            return _sealed(cached_reply)
        longest_request = replace(request, max_tokens=body["inferenceConfig"]["maxTokens"])
        reservation = self.budget.reserve(estimate(longest_request, route.model))
        try:
            entry = self.ledger.open(self._intent(request, route, body))
        except BaseException:
            self.budget.settle(reservation, Usage())
            raise
        self.entries.append(entry)
        metadata = metadata_of(self.tag, request.purpose, entry)
        call = Call(self.settings, self._session, route, body, metadata)
        try:
            if self.budget.limited:
                self._adjust_reservation(reservation, longest_request, call)
            reply = call.execute(on_text, cancel)
        finally:
            self._close(entry, reservation, call)
        if self.cache is not None:
            self.cache.put(key, reply)
        return reply

    def _allow(self, request: Request) -> None:
        if "claude" not in self.policy.narrators:
            raise RefusedError(
                "The policy does not let Claude write: nothing was sent.",
                hint='Add it: narrators = ["rules", "claude"] under [privacy] of mirrorbi.toml '
                "(MIRRORBI_PRIVACY_NARRATORS=rules,claude).",
            )
        request.check()
        for disclosure in request.disclosures:
            if disclosure.policy != self.policy.sha256:
                raise RefusedError(
                    "A disclosure was let through under another policy than this call's.",
                    hint="Make gate and client from the same data set and settings.",
                )

    def _body(self, request: Request, route: Route) -> dict[str, Any]:
        return body_of(
            request,
            route.model,
            guardrail=self.settings.guardrail,
            max_tokens=self.settings.max_tokens,
        )

    def _answer_options(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what else decides an answer, for the cache's key."""
        keys = ("inferenceConfig", "guardrailConfig", "outputConfig")
        return {key: body.get(key) for key in keys}

    def _intent(self, request: Request, route: Route, body: Mapping[str, Any]) -> Intent:
        texts: list[Instruction] = [*request.system, *(tool.spec for tool in request.tools)]
        for turn in request.turns:
            if not isinstance(turn, Reply):
                texts += [part for part in turn if isinstance(part, Instruction)]
        if request.schema is not None:
            texts.append(request.schema)
        return Intent(
            run=self.tag.run,
            user=self.tag.user,
            purpose=request.purpose,
            model=route.id,
            regions=route.regions,
            disclosures=request.disclosures,
            policy=self.policy,
            instructions={t.name: hashlib.sha256(t.text.encode()).hexdigest() for t in texts},
            request=hash_of(body),
        )

    def _adjust_reservation(self, reservation: Reservation, request: Request, call: Call) -> None:
        """Set aside what the tokens cost that Bedrock counts, where it may be asked."""
        tokens = call.count_tokens()
        if tokens is None:
            return
        try:
            self.budget.change(reservation, estimate(request, call.route.model, tokens=tokens))
        except BudgetError:
            call.mark_refused("BudgetError")
            raise

    def _close(self, entry: str, reservation: Reservation, call: Call) -> None:
        """Say what came of a call, to budget and ledger both."""
        try:
            self.budget.settle(reservation, call.spent)
        finally:
            self.ledger.close(entry, call.outcome())
