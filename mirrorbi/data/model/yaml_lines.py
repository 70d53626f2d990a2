"""YAML read as plain text values, with the line of every key.

Every plain value stays the text it is (``no``, ``on``, ``1_000`` and ``12:30`` are not
changed into something else, as YAML 1.1 would), except that an empty value, ``~`` and
``null`` are `None`; the types come from the model that is filled. Tags, which could ask
for objects, are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mirrorbi.errors import ModelError, did_you_mean

MAX_BYTES = 4_000_000
"""Size of a file; a model of 2,000 columns has about a quarter of it."""

MAX_VALUES = 200_000
"""Values in a file, each reference to an anchor counted in full."""

MAX_DEPTH = 20
"""Levels in a file; a model has six."""

Path_ = tuple[str, ...]

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))
_NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Marked:
    """What a YAML text says, and where.

    Parameters
    ----------
    value
        Mappings, lists, text and `None`.
    lines
        The line of each key, by the keys that lead to it; lists count from ``"0"``.
    """

    value: Any
    lines: Mapping[Path_, int]


def read_yaml(path: Path) -> Marked:
    """Read a file.

    Raises
    ------
    ModelError
        If it cannot be read, or is not the plain YAML described above; the message
        names file and line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        folder = path.parent if path.parent.is_dir() else Path()
        files = sorted(p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml"))
        hint = (
            did_you_mean(path.name, files) if files else "Write one with 'mirrorbi model SOURCE'."
        )
        raise ModelError(f"There is no model file {path.name!r}.", hint=hint) from None
    except OSError as error:
        reason = "it is a folder" if path.is_dir() else (error.strerror or str(error)).lower()
        raise ModelError(
            f"The model file {path.name!r} cannot be read: {reason}.", hint="Name a YAML file."
        ) from None
    if len(data) > MAX_BYTES:
        raise ModelError(
            f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB.",
            hint="That is no model: name the model file, not the data.",
        )
    return parse_yaml(_decoded(data, path.name), path.name)


def parse_yaml(text: str, where: str) -> Marked:
    """Read a text.

    Parameters
    ----------
    text
        YAML.
    where
        The name of the file, for messages.

    Raises
    ------
    ModelError
        If it is not the plain YAML described above.
    """
    try:
        _check_size(text, where)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in str(error.problem):
            mark = error.problem_mark
            raise _too_large(where, mark.line + 1 if mark else 1) from None
        raise _syntax_error(error, text, where) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        code = ord(text[error.position : error.position + 1] or "\0")
        raise ModelError(
            f"{where}, line {line}: the character U+{code:04X} cannot be in YAML.",
            hint="Delete it.",
        ) from None
    reader = _Reader(where)
    value = reader.read(node, ()) if node is not None else None
    return Marked(value, reader.lines)


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            what = f"{where} is UTF-16, not UTF-8."
        else:
            line = data[: error.start].count(b"\n") + 1
            what = f"{where}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8."
        raise ModelError(what, hint="Save the file as UTF-8.") from None


def _check_size(text: str, where: str) -> None:
    """Refuse deep nesting before the parser builds it."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or count > MAX_VALUES:
            raise _too_large(where, event.start_mark.line + 1 if event.start_mark else 1)


def _too_large(where: str, line: int) -> ModelError:
    return ModelError(
        f"{where}, line {line}: there are too many values or levels for a model.",
        hint="Name the model file, not the data.",
    )


class _Reader:
    """Turns nodes into plain values and keeps the lines of keys."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.lines: dict[Path_, int] = {}
        self._values = 0

    def read(self, node: Any, path: Path_) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._values += 1
        if self._values > MAX_VALUES or len(path) > MAX_DEPTH:
            raise _too_large(self.where, line)
        if node.tag not in _TAGS:
            raise ModelError(
                f"{self.where}, line {line}: the tag {node.tag!r} is not allowed.",
                hint="Write plain YAML, without tags.",
            )
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*path, str(i))) for i, child in enumerate(node.value)]
        plain = node.style is None or node.style == ""
        return None if plain and node.value in _NULLS else node.value

    def _mapping(self, node: Any, path: Path_) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag not in _TAGS:
                raise ModelError(
                    f"{self.where}, line {line}: a key is not plain text.",
                    hint="Write 'key: value'; text with braces or brackets goes in quotes.",
                )
            name = key.value
            if name in values:
                first = self.lines[(*path, name)]
                raise ModelError(
                    f"{self.where}, line {line}: the key {name!r} is there twice, "
                    f"first in line {first}.",
                    hint="Delete one, or give it another name.",
                )
            self.lines[(*path, name)] = line
            values[name] = self.read(child, (*path, name))
        return values


def _syntax_error(error: yaml.MarkedYAMLError, text: str, where: str) -> ModelError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.split("\n")
    written = lines[line - 1] if line <= len(lines) else ""
    problem = error.problem or "it cannot be understood"
    indent = written[: len(written) - len(written.lstrip())]
    if "\t" in indent:
        what, hint = "the line is indented with a tab.", "YAML wants spaces."
    elif "mapping values" in problem:
        what = "there is a second ': ' in the line, or its indent is wrong."
        hint = "Put the text after the first ': ' in quotes, or indent like the lines above."
    elif "cannot start any token" in problem:
        what = "a value begins with a character that has a meaning in YAML (` @ % or a tab)."
        hint = "Put the whole value in double quotes."
    elif "another document" in problem or "single document" in problem:
        what, hint = "a second document begins with '---'.", "Keep one model to a file."
    elif "undefined alias" in problem:
        what = "a value begins with '*'."
        hint = "Put the whole value in double quotes."
    else:
        what = f"this is not YAML: {problem}."
        hint = "Check quotes, brackets and indent here and in the line above."
    return ModelError(f"{where}, line {line}: {what}", hint=hint)
