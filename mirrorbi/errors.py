"""Every error that MirrorBI raises on purpose, in one tree.

    MirrorBIError                 exit code 1
    ├── SettingsError             2  a setting or environment variable is wrong
    ├── DataError                 2
    │   ├── SourceError           2  the data could not be found, read or understood
    │   ├── ModelError            2  the semantic model is wrong (file, line, key)
    │   └── QueryError            2  a metric, dimension, member or period is not known
    ├── FactError                 1  a statistic was asked for that the data cannot give
    ├── WordingError              1  a template or slot does not fit its facts
    ├── ChartError                1  no chart can be drawn from this
    ├── PrivacyError              1
    │   ├── PolicyError           2  a privacy policy is wrong
    │   ├── RefusedError          2  the policy does not allow what was asked for
    │   │   └── UnauditedError    2  nobody knows of which cells a fact speaks
    │   └── LedgerError           1  the ledger cannot be written or was changed
    ├── ClaudeError               1
    │   ├── CredentialsError      2  no credentials, or they have expired
    │   ├── AccessError           2  this role may not call the model
    │   ├── ModelIdError          2  the model is unknown, retired or needs a profile
    │   ├── ResidencyError        2  the call would leave the regions allowed
    │   ├── BudgetError           2  the call would cost more than the budget allows
    │   ├── ThrottledError        1  Bedrock refused for load or quota, after retries
    │   ├── UnavailableError      1  Bedrock could not be reached or failed
    │   ├── BrokenStreamError     1  the answer ended early and is not used
    │   ├── AnswerError           1  the answer was cut, filtered or malformed
    │   └── CancelledError        1  the person stopped the call
    ├── NarrativeError            1  a written text failed its checks
    ├── ReportError               1
    │   ├── ParameterError        2  a notebook parameter is unknown, missing or ill-typed
    │   ├── NotebookError         2  the notebook itself cannot be used
    │   ├── CellError             1  a cell of the notebook failed; 2 with an error of 2
    │   ├── RenderError           1  the page failed its inspection and was not published
    │   └── VerifyError           1  a report cannot be checked
    └── StoreError                1  a result could not be written or read

Each message says what went wrong, with which value, and what to do next. Exit codes
are those of the command line: 2 for input that a person can correct, 1 for the rest.
All have the fields ``what`` and ``hint``; what more one says, such as `RenderError.misses`, is
given to it by name. Fields survive pickling, as errors cross processes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class MirrorBIError(Exception):
    """Base of all errors that MirrorBI raises on purpose.

    Parameters
    ----------
    what
        What went wrong, with the value that caused it. One sentence.
    hint
        What to do next. One or two sentences.

    Examples
    --------
    >>> str(MirrorBIError("There is no file 'sales.cvs'.", hint="Did you mean 'sales.csv'?"))
    "There is no file 'sales.cvs'. Did you mean 'sales.csv'?"
    """

    exit_code = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what, hint)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are made anew by calling them, which keyword arguments do not survive.
        return (type(self).__new__, (type(self), *self.args), self.__dict__)


class SettingsError(MirrorBIError):
    """A setting or environment variable is wrong."""

    exit_code = 2


class DataError(MirrorBIError):
    """The data, its model or a question to it is wrong."""

    exit_code = 2


class SourceError(DataError):
    """The data could not be found, read or understood."""


class ModelError(DataError):
    """The semantic model is wrong; the message names file, line and key."""


class QueryError(DataError):
    """A metric, dimension, member, grain or period is not known."""


class FactError(MirrorBIError):
    """A statistic was asked for that the data cannot give."""


class WordingError(MirrorBIError):
    """A template or slot does not fit its facts."""


class ChartError(MirrorBIError):
    """No chart can be drawn from this."""


class PrivacyError(MirrorBIError):
    """What may leave, and the proof of it."""


class PolicyError(PrivacyError):
    """A privacy policy is wrong; the message names file and key."""

    exit_code = 2


class RefusedError(PrivacyError):
    """The policy does not allow what was asked for, or a person denied it."""

    exit_code = 2


class UnauditedError(RefusedError):
    """Nobody knows of which cells a fact speaks, so it is not shown.

    Parameters
    ----------
    kind
        The kind of the fact.
    columns
        The columns of its table, where these are not those of its kind.
    """

    def __init__(
        self, what: str, *, hint: str = "", kind: str = "", columns: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what, hint=hint)
        self.kind = kind
        self.columns = columns


class LedgerError(PrivacyError):
    """The ledger cannot be written, so the call was not made; or it was changed."""


class ClaudeError(MirrorBIError):
    """A call to Claude on Amazon Bedrock failed."""


class CredentialsError(ClaudeError):
    """There are no AWS credentials, or they have expired."""

    exit_code = 2


class AccessError(ClaudeError):
    """The role may not call the model; the message names action and resources."""

    exit_code = 2


class ModelIdError(ClaudeError):
    """The model is unknown, past its end of life, or needs an inference profile."""

    exit_code = 2


class ResidencyError(ClaudeError):
    """The call would be served outside the regions allowed."""

    exit_code = 2


class BudgetError(ClaudeError):
    """The call would cost more than the budget allows; nothing was sent."""

    exit_code = 2


class ThrottledError(ClaudeError):
    """Bedrock refused for load or quota, after retries."""


class UnavailableError(ClaudeError):
    """Bedrock could not be reached, timed out or failed."""


class BrokenStreamError(ClaudeError):
    """The answer ended early; what came of it is not used."""


class AnswerError(ClaudeError):
    """The answer was cut, filtered or malformed.

    Parameters
    ----------
    what, hint
        As of every error.
    stop
        Why Claude stopped, as Bedrock gave it; empty if that is not what was wrong.
    """

    def __init__(self, what: str, *, hint: str = "", stop: str = "") -> None:
        super().__init__(what, hint=hint)
        self.stop = stop


class CancelledError(ClaudeError):
    """The person stopped the call."""


class NarrativeError(MirrorBIError):
    """A written text failed its checks and is not shown as checked."""


class ReportError(MirrorBIError):
    """A report could not be planned, run, rendered or checked."""


class ParameterError(ReportError):
    """A notebook parameter is unknown, missing or ill-typed.

    Parameters
    ----------
    what, hint
        As of every error.
    problems
        What is wrong with each parameter, where several were looked at.
    """

    exit_code = 2

    def __init__(self, what: str, *, hint: str = "", problems: Iterable[str] = ()) -> None:
        super().__init__(what, hint=hint)
        self.problems = tuple(problems)


class NotebookError(ReportError):
    """The notebook itself cannot be used."""

    exit_code = 2


class CellError(ReportError):
    """A cell of the notebook failed.

    Parameters
    ----------
    what, hint
        As of every error.
    exit_code
        That of the error in the cell, where it is one of ours.
    cell
        Index of the cell in which the kernel died or was stopped.
    timeout
        Seconds that this cell was given, where it took longer.
    ending
        How the kernel's process ended, in words, where it did.
    """

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        exit_code: int = 1,
        cell: int | None = None,
        timeout: float | None = None,
        ending: str = "",
    ) -> None:
        super().__init__(what, hint=hint)
        self.exit_code = exit_code
        self.cell = cell
        self.timeout = timeout
        self.ending = ending


class RenderError(ReportError):
    """The rendered page failed its inspection and was not published.

    Parameters
    ----------
    what, hint
        As of every error.
    misses
        What the inspection found, one by one.
    """

    def __init__(self, what: str, *, hint: str = "", misses: Iterable[str] = ()) -> None:
        super().__init__(what, hint=hint)
        self.misses = tuple(misses)


class VerifyError(ReportError):
    """A report cannot be checked: it is no report, or its data cannot be found."""


class StoreError(MirrorBIError):
    """A result could not be written or read."""


def error_named(name: str) -> type[MirrorBIError] | None:
    """Return the error of that name; ``None`` if it is none of ours.

    A notebook's kernel is another process, from which only the name of an error comes.

    Examples
    --------
    >>> error_named("BudgetError").exit_code, error_named("KeyError")
    (2, None)
    """
    candidate = globals().get(name)
    is_error_class = isinstance(candidate, type) and issubclass(candidate, MirrorBIError)
    return candidate if is_error_class else None


def did_you_mean(value: str, choices: Iterable[str], *, noun: str = "") -> str:
    """Return a hint that names the nearest valid words, or the valid words.

    Parameters
    ----------
    value
        The word that is not known.
    choices
        The words that are.
    noun
        What the words are, in the plural, for the list: ``"metrics"``.

    Examples
    --------
    >>> did_you_mean("carier", ["carrier", "origin"])
    "Did you mean 'carrier'?"
    >>> did_you_mean("zzz", ["carrier", "origin"], noun="dimensions")
    'Known dimensions: carrier, origin.'
    """
    words = list(dict.fromkeys(str(choice) for choice in choices))
    lowered = {word.lower(): word for word in reversed(words)}
    near = difflib.get_close_matches(value.lower(), lowered, n=2, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(repr(lowered[word]) for word in near)}?"
    if not words:
        return f"There are no {noun or 'choices'}."
    shown = ", ".join(words[:12]) + (f" and {len(words) - 12} more" if len(words) > 12 else "")
    return f"Known {noun or 'choices'}: {shown}."
