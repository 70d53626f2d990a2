"""Papermill's client, which also notices a cell that the kernel is done with and never answers."""

from __future__ import annotations

import asyncio
from typing import Any

from nbclient.exceptions import CellExecutionComplete
from papermill.clientwrap import PapermillNotebookClient

_OVERDUE = 5.0
"""Seconds that the answer to a cell may come after the kernel is idle again."""


class CellClient(PapermillNotebookClient):  # type: ignore[misc]
    """Runs cells, and gives up on one whose answer is lost."""

    unanswered = False
    """Whether it gave up on one."""

    def process_message(self, *args: Any, **kwargs: Any) -> Any:
        """Take a message of a cell; the last one says that the kernel is done with it."""
        try:
            return super().process_message(*args, **kwargs)
        except CellExecutionComplete:
            loop = asyncio.get_running_loop()
            loop.call_later(_OVERDUE, self._give_up, self.task_poll_for_reply)
            raise

    def _give_up(self, reply: asyncio.Future[Any]) -> None:
        if not reply.done():
            self.unanswered = True
            reply.cancel()
