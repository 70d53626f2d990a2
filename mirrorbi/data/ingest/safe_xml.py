"""XML of a stranger, streamed: no entity is expanded and nothing is held."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

StartHandler = Callable[[str, dict[str, str]], None]

_CHUNK = 1 << 20


class DoctypeError(ValueError):
    """An XML part declares a document type, which may define entities without bound."""


def parse_xml(
    archive: zipfile.ZipFile,
    part: str,
    start: StartHandler,
    text: Callable[[str], None] | None = None,
) -> None:
    """Stream a part through handlers of its elements and of its text.

    Names of elements come without the prefix of the namespace of the first.

    Raises
    ------
    DoctypeError
        If it declares a document type, so that no entity is ever expanded.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = _first_handler(parser, start)
    if text:
        parser.CharacterDataHandler = text
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _first_handler(parser: Any, start: StartHandler) -> StartHandler:
    """Return a handler of the first element, whose prefix is that of the part."""

    def first(name: str, attributes: dict[str, str]) -> None:
        prefix = name[: name.rfind(":") + 1]
        # Most writers use none, and a sheet has millions of elements.
        rest = start if not prefix else lambda name, own: start(name.removeprefix(prefix), own)
        parser.StartElementHandler = rest
        rest(name, attributes)

    return first


def _refuse_doctype(*_: object) -> None:
    raise DoctypeError("a part of it declares a document type")
