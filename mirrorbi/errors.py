"""Every error that MirrorBI raises on purpose, in one tree.

::

    MirrorBIError                 exit code 1
    ├── SettingsError             2  a setting or environment variable is wrong
    ├── DataError                 2
    │   ├── SourceError           2  the data could not be found, read or understood
    │   ├── ModelError            2  the semantic model is wrong (file, line, key)
    │   └── QueryError            2  a metric, dimension, member or period is not known
    ├── FactError                 1  a statistic was asked for that the data cannot give
    ├── WordingError              1  a template or slot does not fit its facts
    ├── ChartError                1  no chart can be drawn from this
    ├── ReportError               1
    │   ├── ParameterError        2  a notebook parameter is unknown, missing or ill-typed
    │   ├── NotebookError         2  the notebook itself cannot be used
    │   ├── CellError             1  a cell of the notebook failed
    │   ├── RenderError           1  the page failed its inspection and was not published
    │   └── VerifyError           1  a report cannot be checked
    └── StoreError                1  a result could not be written or read

Each message says what went wrong, with which value, and what to do next. Exit codes
are those of the command line: 2 for input that a person can correct, 1 for the rest.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.hint, self.__dict__))


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


class ReportError(MirrorBIError):
    """A report could not be planned, run, rendered or checked."""


class ParameterError(ReportError):
    """A notebook parameter is unknown, missing or ill-typed."""

    exit_code = 2


class NotebookError(ReportError):
    """The notebook itself cannot be used."""

    exit_code = 2


class CellError(ReportError):
    """A cell of the notebook failed."""


class RenderError(ReportError):
    """The rendered page failed its inspection and was not published."""


class VerifyError(ReportError):
    """A report cannot be checked: it is no report, or its data cannot be found."""


class StoreError(MirrorBIError):
    """A result could not be written or read."""


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
    known = list(dict.fromkeys(str(choice) for choice in choices))
    lowered = {word.lower(): word for word in reversed(known)}
    near = difflib.get_close_matches(value.lower(), lowered, n=2, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(repr(lowered[word]) for word in near)}?"
    if not known:
        return f"There are no {noun or 'choices'}."
    shown = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
    return f"Known {noun or 'choices'}: {shown}."


def _rebuild(
    kind: type[MirrorBIError], what: str, hint: str, state: dict[str, object]
) -> MirrorBIError:
    error = kind.__new__(kind)
    MirrorBIError.__init__(error, what, hint=hint)
    error.__dict__.update(state)
    return error
