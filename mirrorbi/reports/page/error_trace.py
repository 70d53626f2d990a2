"""Errors of a notebook as they may be kept: where and why, without values of the data.

A message may quote a cell of the data, a frame may show its arguments, and a traceback
names folders of the machine. What stays is what is known to be none of that: names of
exceptions and places, the notebook's own code, and of a message the words that are known.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mirrorbi.errors import MirrorBIError, error_named
from mirrorbi.privacy.pii.free_text import without_personal

HIDDEN = "•••"
"""Stands for what may be a value."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_RULE = re.compile(r"-{20,}")
_HEAD = re.compile(r"(?P<name>[\w.]+)\s+Traceback \(most recent call last\)")
_FRAME = re.compile(
    r"\s*(?P<where>Cell In\s?\[[^\]]*\]|File (?P<path>\"[^\"]+\"|.+?)(?P<line>:\d+|(?=,)))"
    r"(?P<rest>, line \d+)?(?:, in (?P<call>[\w.<>]+)(?P<args>\(.*)?)?:?"
)
_CODE = re.compile(r"\s*(?P<arrow>-*>)?\s*(?:\d+ ?)(?P<code>.*)")
_BETWEEN = re.compile(r"(?:During handling of|The above exception was).*:")
_MESSAGE = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?", re.DOTALL)
_RAISED = re.compile(r"\s*(?:raise|assert)\b")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,_]*\.\d+|\d[\d,_]{4,})(?!\w)")
_PATH = re.compile(
    r"(?:\bfile://|(?<![\w.:/~\\<-]))(?:~|[A-Za-z]:)?(?:[/\\][^\s/\\:'\"<>|,;()\[\]{}]+){2,}[/\\]?"
)
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3", "/lib64/python3", "/Lib/")
_OURS = "/mirrorbi/"
_ABOUT_CODE = ("ImportError", "ModuleNotFoundError", "NameError", "UnboundLocalError")
"""Exceptions whose messages name code, never data."""
_ABOUT_VALUES = ("KeyError", "IndexError", "StopIteration")
"""Exceptions whose whole message is a value."""
_TYPES = frozenset(dir(builtins)) | {"NoneType", "DataFrame", "Series", "Timestamp", "ndarray"}


@dataclass(frozen=True)
class AuthorText:
    """The text that whoever wrote or ran a notebook knows: its code and its parameters.

    Examples
    --------
    >>> AuthorText(["df['price']"]).hide_values("no 'price' for 'Ada'")
    "no 'price' for •••"
    """

    texts: Iterable[str]
    _text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", tuple(self.texts))
        object.__setattr__(self, "_text", "\n".join(self.texts))

    @classmethod
    def of(cls, notebook: Mapping[str, Any]) -> AuthorText:
        """Return what a notebook's own cells say; parameters of a run stand in one of them."""
        sources = (cell.get("source", "") for cell in notebook["cells"])
        return cls(text if isinstance(text, str) else "".join(text) for text in sources)

    def has(self, text: str) -> bool:
        """Return whether a text stands in it."""
        return bool(text) and text in self._text

    def has_line(self, text: str) -> bool:
        """Return whether a text is one of its lines."""
        return text.strip() in {has_line.strip() for has_line in self._text.splitlines()}

    def hide_values(self, message: str) -> str:
        """Return a message with quoted texts and long numbers that are not known hidden."""

        def quoted(match: re.Match[str]) -> str:
            literal = match[1] if match[1] is not None else match[2]
            return match[0] if not literal or self.has(literal) or literal in _TYPES else HIDDEN

        def number(match: re.Match[str]) -> str:
            return match[0] if self.has(match[0]) else HIDDEN

        return _NUMBER.sub(number, _QUOTED.sub(quoted, message))

    def hide_unknown(self, message: str) -> str:
        """Return a message with every word hidden that is not known."""
        return re.sub(
            r"\S+",
            lambda m: m[0] if not re.search(r"\w", m[0]) or self.has(m[0]) else HIDDEN,
            message,
        )


@dataclass(frozen=True)
class Trace:
    """One error output, made fit to be kept.

    Parameters
    ----------
    name
        Of the exception.
    message
        What it says, without values.
    lines
        Of the traceback, without values and folders.
    error_class
        The error of `mirrorbi.errors` that it is, where our code raised it.
    """

    name: str
    message: str
    lines: tuple[str, ...] = ()
    error_class: type[MirrorBIError] | None = None

    @property
    def text(self) -> str:
        """Name and message in one line."""
        return f"{self.name}: {self.message}".strip(": ")

    def output(self) -> dict[str, Any]:
        """Return it as the output of a cell."""
        return {
            "output_type": "error",
            "ename": self.name,
            "evalue": self.message,
            "traceback": list(self.lines),
        }


def trace_of(output: Mapping[str, Any], author_text: AuthorText) -> Trace:
    """Return an error output of a cell as it may be kept.

    Parameters
    ----------
    output
        Of type ``error``.
    author_text
        What the notebook says itself.
    """
    name, value = str(output.get("ename", "")), _plain(str(output.get("evalue", "")))
    lines = _plain("\n".join(output.get("traceback", ()))).splitlines()
    error_class = error_named(name) if _is_ours(lines) else None
    message = _message(name, value, author_text, error_class, from_library=_is_from_library(lines))
    frames = tuple(_value_free_lines(lines, author_text))
    return Trace(name, message, (*frames, f"{name}: {message}".strip(": ")), error_class)


def without_folders(text: str) -> str:
    """Return a text in which every absolute path is its last part alone.

    Examples
    --------
    >>> without_folders("in /home/ada/sales/may.csv, line 3; see https://x.example/a/b")
    'in may.csv, line 3; see https://x.example/a/b'
    """
    return _PATH.sub(lambda m: re.split(r"[/\\]", m[0].rstrip("/\\"))[-1], text)


def _plain(text: str) -> str:
    return _ANSI.sub("", text)


def _message(
    name: str,
    value: str,
    author_text: AuthorText,
    error_class: type[MirrorBIError] | None,
    *,
    from_library: bool,
) -> str:
    if error_class is not None:
        # A hint may list members, of which only the data knows how many there are of each.
        masked = re.sub(r"(has no member '[^']*'\.).*", r"\1", value, flags=re.DOTALL)
        return without_personal(without_folders(masked))
    first_line, _, rest = value.partition("\n")
    first_line = f"{first_line} …" if rest.strip() else first_line
    if name in _ABOUT_CODE:
        masked = first_line
    elif (from_library and name not in _ABOUT_VALUES) or name == "AttributeError":
        # Python and libraries put values into quotes.
        masked = author_text.hide_values(first_line)
    else:
        masked = author_text.hide_unknown(first_line)
    return without_personal(without_folders(masked))


def _frames(lines: Iterable[str]) -> Iterator[re.Match[str]]:
    for line in lines:
        match = _FRAME.fullmatch(line)
        if match is not None:
            yield match


def _is_ours(lines: list[str]) -> bool:
    """Return whether the last frame is in this package."""
    *_, last = [None, *_frames(lines)]
    return last is not None and _OURS in (last["path"] or "").replace("\\", "/")


def _is_from_library(lines: list[str]) -> bool:
    """Return whether it is plain that Python or a library raised the error.

    Where the notebook itself said ``raise`` or ``assert``, or a module beside it did,
    whatever is not known may be a value. So it is if the traceback does not tell.
    """
    from_library = False
    is_own_code = False
    for line in lines:
        if match := _FRAME.fullmatch(line):
            path = (match["path"] or "").strip('"').replace("\\", "/")
            is_own_code = not path or path.startswith("<ipython-input")
            from_library = not is_own_code and any(root in path for root in (*_LIBRARIES, _OURS))
            from_library = (
                from_library or path.endswith((".pxi", ".pyx")) or path.startswith("<frozen ")
            )
        elif is_own_code and (code := _CODE.fullmatch(line)) and code["arrow"]:
            from_library = _RAISED.match(code["code"]) is None
    return from_library


def _value_free_lines(lines: Iterable[str], author_text: AuthorText) -> Iterator[str]:
    """Yield the lines of a traceback that hold no value; the last message is not one."""
    pending = ""
    for line in lines:
        if match := _FRAME.fullmatch(line):
            path = f"File {_tail(match['path'])}{match['line']}" if match["path"] else ""
            call = f", in {match['call']}" if match["call"] else ""
            pending = ""
            yield f"{path or match['where']}{match['rest'] or ''}{call}"
        elif match := _HEAD.fullmatch(line.strip()):
            yield line.strip()
        elif _RULE.fullmatch(line.strip()) or _BETWEEN.fullmatch(line.strip()):
            yield from (text for text in (pending, line.strip()) if text)
            pending = ""
        elif (match := _CODE.fullmatch(line)) and author_text.has_line(match["code"]):
            yield line
        elif (match := _MESSAGE.fullmatch(line)) and match["text"] is not None:
            # Of an earlier exception: which one it was is enough.
            pending = f"{match['name']}: {HIDDEN}"


def _tail(path: str) -> str:
    """Return the part of a path that is the same on every machine."""
    plain = path.strip('"').replace("\\", "/")
    for root in ("/site-packages/", "/dist-packages/"):
        if root in plain:
            return plain.split(root, 1)[1]
    if _OURS in plain:
        return _OURS.lstrip("/") + plain.rsplit(_OURS, 1)[1]
    return plain.rsplit("/", 1)[-1]
