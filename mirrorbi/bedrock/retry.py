"""Repeating a call: only what was not served, only so often, only so long."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

from mirrorbi.errors import CancelledError

_MOST = 20.0
_QUICK = 0.05


@dataclass(slots=True)
class Attempts:
    """How often a call was tried, and whether it may be tried again.

    Waits grow as in botocore's standard mode: full jitter, doubling, at most 20 seconds;
    the first of up to ``backoff`` seconds after a refusal for load, of up to a twentieth of
    that else (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).

    Parameters
    ----------
    most
        Attempts in all.
    backoff
        Seconds of the longest first wait.
    deadline
        On the clock of `time.monotonic`.
    cancel
        Ends a wait.
    """

    most: int
    backoff: float
    deadline: float
    cancel: threading.Event | None = None
    count: int = 0
    _random: random.Random = field(default_factory=random.SystemRandom)

    def wait_to_retry(self, *, throttled: bool, after: float | None = None) -> bool:
        """Wait, and return whether the call may be tried again.

        Parameters
        ----------
        throttled
            Whether it was refused for load.
        after
            Seconds that the service asks to wait, if it does.

        Raises
        ------
        CancelledError
            If it was stopped while it waited.
        """
        if self.count >= self.most:
            return False
        scale = self.backoff * (1.0 if throttled else _QUICK)
        wait = self._random.random() * min(scale * 2 ** (self.count - 1), _MOST)
        wait = max(wait, min(after or 0.0, _MOST))
        if time.monotonic() + wait >= self.deadline:
            return False
        if self.cancel is None:
            time.sleep(wait)
        elif self.cancel.wait(wait):
            raise CancelledError("The call to Claude was stopped.")
        return True
