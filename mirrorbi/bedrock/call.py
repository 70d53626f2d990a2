"""A call: its attempts until there is a whole answer, or an error that says why not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mirrorbi.bedrock.cost import price
from mirrorbi.bedrock.error_mapping import Fault, fault_of
from mirrorbi.bedrock.request import Reply, Usage, _sealed
from mirrorbi.bedrock.residency import Route
from mirrorbi.bedrock.retry import Attempts
from mirrorbi.bedrock.stream import Assembly, Pump, require_usable
from mirrorbi.connections.boto_session import client_for
from mirrorbi.errors import CancelledError
from mirrorbi.privacy.ledger import Outcome
from mirrorbi.settings import ClaudeSettings


@dataclass(slots=True)
class Call:
    """One call under way: its attempts, and what came of them.

    Parameters
    ----------
    settings, session
        How boto3 is called.
    route
        What is called.
    body, metadata
        What is sent.
    """

    settings: ClaudeSettings
    session: Any
    route: Route
    body: Mapping[str, Any]
    metadata: Mapping[str, str]
    status: str = "unknown"
    request_id: str = ""
    stop: str = ""
    problem: str = ""
    tried: int = 0
    spent: Usage | None = None

    def execute(
        self, on_text: Callable[[str], object] | None, cancel: threading.Event | None
    ) -> Reply:
        """Make it, as often as that is allowed, and return the whole answer.

        Parameters
        ----------
        on_text
            Called with each piece of text.
        cancel
            Stops it when it is set.

        Raises
        ------
        ClaudeError
            Whatever became of it; `outcome` and ``spent`` tell the rest.
        """
        settings = self.settings
        deadline = time.monotonic() + settings.timeout
        attempts = Attempts(settings.attempts, settings.backoff, deadline, cancel)
        while True:
            attempts.count += 1
            self.tried = attempts.count
            assembly = Assembly(on_text)
            try:
                return self._answer(assembly, cancel, deadline)
            except (CancelledError, KeyboardInterrupt):
                self.status = "cancelled"
                raise
            except Exception as raised:
                fault = self._fault(raised, assembly)
                if fault is None:
                    raise
                if not fault.retryable or assembly.begun or not self._retry(attempts, fault):
                    if fault.error is raised:
                        raise
                    raise fault.error from raised

    def count_tokens(self) -> int | None:
        """Return the tokens of what is sent, as Bedrock counts them.

        ``None`` where it may not be asked (``bedrock:CountTokens``), or does not count for
        this model: the estimate by size stands. Counting costs nothing
        (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html).
        """
        from botocore.exceptions import BotoCoreError, ClientError

        client = client_for(self.settings, "bedrock-runtime", self.session)
        parts = ("messages", "system", "toolConfig")
        content = {key: self.body[key] for key in parts if key in self.body}
        try:
            answer = client.count_tokens(modelId=self.route.model.id, input={"converse": content})
        except (BotoCoreError, ClientError):
            return None
        return int(answer["inputTokens"])

    def mark_refused(self, problem: str) -> None:
        """Note that the call was not made after all."""
        self.status, self.problem, self.spent = "failed", problem, Usage()

    def _answer(self, assembly: Assembly, cancel: threading.Event | None, deadline: float) -> Reply:
        if cancel is not None and cancel.is_set():
            self.spent = Usage()
            raise CancelledError("The call to Claude was stopped before it was made.")
        client = client_for(self.settings, "bedrock-runtime", self.session)
        pump = Pump(
            lambda: client.converse_stream(
                modelId=self.route.id, requestMetadata=dict(self.metadata), **self.body
            )
        )
        try:
            for kind, value in pump.events(cancel, deadline):
                if kind == "head":
                    self.request_id = str(value.get("RequestId", ""))
                else:
                    assembly.add(value)
                if assembly.whole:
                    break
        finally:
            if not assembly.whole:
                pump.leave()
        return self._reply(assembly)

    def _reply(self, assembly: Assembly) -> Reply:
        self.stop = assembly.stop or ""
        if assembly.whole and assembly.usage is not None:
            self.status, self.spent = "answered", price(assembly.usage, self.route.model)
        content = assembly.content()
        stop = require_usable(self.stop, content, self.body["inferenceConfig"]["maxTokens"])
        self.problem = ""
        return _sealed(
            Reply(
                content=content,
                stop=stop,
                usage=self.spent or Usage(),
                model=self.route.id,
                region=self.route.region,
                request_id=self.request_id,
            )
        )

    def _fault(self, raised: Exception, assembly: Assembly) -> Fault | None:
        """Note what an exception means for ledger and budget, and return that."""
        fault = fault_of(raised, self.route, self.settings, begun=assembly.begun, tried=self.tried)
        if fault is None:
            self.problem = type(raised).__name__
            return None
        self.problem = f"{type(fault.error).__name__} {fault.code}"
        if self.status != "answered":
            self.status = fault.status
            self.spent = Usage() if fault.status == "failed" else None
        return fault

    def _retry(self, attempts: Attempts, fault: Fault) -> bool:
        try:
            return attempts.wait_to_retry(throttled=fault.throttled, after=fault.after)
        except CancelledError:
            self.status = "cancelled"
            raise

    def outcome(self) -> Outcome:
        """Return what the ledger is told."""
        used = self.spent or Usage(cost=None)
        return Outcome(
            status=self.status,  # type: ignore[arg-type]
            request_id=self.request_id,
            input=used.input,
            output=used.output,
            cache_read=used.cache_read,
            cache_write=used.cache_write,
            cost=used.cost,
            stop=self.stop,
            error=self.problem,
            attempts=self.tried,
        )
