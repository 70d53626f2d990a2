"""Know when a kernel is ready, at once."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

_ASK_AGAIN = 1.0
"""Seconds until a question that was not answered is put again."""
_OVERDUE = 0.2
"""Seconds that a kernel's word may come after its answer, if we hear it at all."""


class ReadyClient(AsyncKernelClient):
    """A client that is ready as soon as it has heard the kernel on both channels.

    The one that it derives from then listens for a fifth of a second more, lest an earlier
    message be taken for a later one. Here the kernel's own word ends the waiting: the
    ``idle`` that follows the answer to our question, which also proves that outputs
    arrive.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return once the kernel runs cells.

        Raises
        ------
        RuntimeError
            If it died, or did not answer in ``timeout`` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            request_id = self.kernel_info()
            if await self._has_answered(request_id):
                return
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if deadline is not None and time.monotonic() > deadline:
                raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")

    async def _has_answered(self, request_id: str) -> bool:
        deadline = time.monotonic() + _ASK_AGAIN
        try:
            while True:
                reply = await self.get_shell_msg(timeout=max(0.0, deadline - time.monotonic()))
                if reply["parent_header"].get("msg_id") == request_id:
                    break
            while True:
                message: dict[str, Any] = await self.get_iopub_msg(timeout=_OVERDUE)
                if (
                    message["parent_header"].get("msg_id") == request_id
                    and message["content"].get("execution_state") == "idle"
                ):
                    return True
        except Empty:
            return False
