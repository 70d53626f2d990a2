"""The small grammar that filters and derived metrics share: text to a checked syntax tree.

Texts are parsed by `ast` and never evaluated
(https://docs.python.org/3/library/ast.html#ast.parse). Before that, a scan takes out
quoted text and names in backticks, so that nothing a person quotes can become syntax,
and recognises habits of other languages, so that each gets an answer that helps.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from dataclasses import dataclass, field

from mirrorbi.errors import ModelError

MAX_LENGTH = 2_000
"""Characters of one text."""

MAX_DEPTH = 60
"""Levels of one tree."""

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
      | (?P<tick>`(?:[^`]|``)+`)
      | (?P<word>[^\W\d]\w*)
      | (?P<number>\d[\w.]*)
      | (?P<sign>==|!=|<=|>=|<>|&&|\|\||\*\*|//)
      | (?P<space>\s+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ALLOWED_WORDS = {"and", "or", "not", "in", "is", "None", "True", "False"}
_SIGNS = {
    "=": "To compare, write ==.",
    "<>": "For not equal, write !=.",
    "&&": "Write 'and'.",
    "&": "Write 'and'.",
    "||": "Write 'or'.",
    "|": "Write 'or'.",
    "!": "Write 'not', or != for not equal.",
    "~": "Write 'not'.",
    "#": "A note goes on a line of its own in the YAML file.",
    "**": "For a power, write a * a.",
    "//": "For a quotient, write a single /.",
    "%": "Write rates as numbers: 0.15 for 15 %.",
    "'": "The closing quote ' is missing.",
    '"': 'The closing quote " is missing.',
    "`": "The closing backtick is missing.",
    "{": "Write a list in square brackets.",
    ";": "Write one expression only.",
    **dict.fromkeys("“”„‘’‚«»", "Use straight quotes: 'text'."),
}
_WORDS = {
    "like": "Name the members: column in ['a', 'b']",
    "between": "Write 1 <= column <= 5",
    "is": "Write 'column is None'",
    "null": "Write None",
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A checked text.

    Parameters
    ----------
    text
        As written.
    tree
        Names, numbers, operators and lists; what it may hold in full is checked by who
        walks it.
    names
        What a name in the tree stands for, where it is not itself.
    texts
        Quoted text, by the name that stands for it in the tree.
    noun
        What the text is, for messages: ``filter`` or ``expression``.
    """

    text: str
    tree: ast.expr
    names: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    noun: str = "filter"

    def error(self, reason: str, hint: str = "") -> ModelError:
        """Return the error that this text is wrong."""
        return _error(self.noun, self.text, reason, hint)

    def is_name(self, node: ast.expr) -> bool:
        """Return whether a part of the tree is a name, not a value or more."""
        return isinstance(node, ast.Name) and node.id not in self.texts

    def name(self, node: ast.expr) -> str:
        """Return the column or metric that a part of the tree names."""
        assert isinstance(node, ast.Name)  # noqa: S101 (told by `is_name`)
        return self.names.get(node.id, node.id)

    def source(self, node: ast.AST) -> str:
        """Return a part of the tree as it was written, nearly."""
        written = ast.unparse(node)
        for mark, name in self.names.items():
            written = written.replace(mark, f"`{name}`")
        for mark, text in self.texts.items():
            written = written.replace(mark, repr(text))
        return _short(written)

    def refuse(self, node: ast.AST) -> ModelError:
        """Return the error that a part of the tree is not allowed here."""
        what = f"{self.source(node)} is not allowed here"
        for kind, hint in _HINTS.items():
            if isinstance(node, kind):
                return self.error(what, hint)
        return self.error(what, _GRAMMAR[self.noun])


_GRAMMAR = {
    "filter": "A filter compares columns with values: delay > 15 and origin in ['JFK', 'LGA'].",
    "expression": "An expression has metrics, numbers, + - * / and parentheses.",
}
_HINTS: dict[type[ast.AST], str] = {
    ast.Call: "Functions are not part of the grammar: prepare such a column in the data.",
    ast.Attribute: "A name with a dot in it goes in backticks: `a.b`.",
    ast.Tuple: "Write numbers without separators, and lists in square brackets.",
}


def parse(text: str, noun: str) -> Parsed:
    """Read a text into a tree.

    Raises
    ------
    ModelError
        If the text is empty, too long, too deep or not in the grammar.
    """
    if not text.strip():
        raise ModelError(f"The {noun} is empty.", hint=_GRAMMAR[noun])
    if len(text) > MAX_LENGTH:
        raise _error(noun, text, f"it has {len(text):,} characters; {MAX_LENGTH:,} are the most")
    written, names, texts = _scan(text, noun)
    try:
        tree = ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        near = _near(written, error, names, texts)
        raise _error(noun, text, f"it cannot be understood{near}", _GRAMMAR[noun]) from None
    parsed = Parsed(text, tree, names, texts, noun)
    if _depth(tree) > MAX_DEPTH:
        raise parsed.error("it is nested too deeply", "Split it over several metrics.")
    return parsed


def quoted(name: str) -> str:
    """Return a name as it must be written in a text: in backticks if it is no plain word.

    Examples
    --------
    >>> quoted("delay"), quoted("flight no"), quoted("class")
    ('delay', '`flight no`', '`class`')
    """
    plain = re.fullmatch(r"[^\W\d]\w*", name) and not keyword.iskeyword(name)
    if plain and name.lower() not in {*_WORDS, *(word.lower() for word in _ALLOWED_WORDS)}:
        return name
    return "`" + name.replace("`", "``") + "`"


def _scan(text: str, noun: str) -> tuple[str, dict[str, str], dict[str, str]]:
    mark = "_m"
    while mark in text:
        mark += "_"
    names: dict[str, str] = {}
    texts: dict[str, str] = {}
    written: list[str] = []
    for token in _TOKEN.finditer(text):
        kind, value = token.lastgroup, token.group()
        if kind == "text":
            name = f"{mark}t{len(texts)}x"
            texts[name] = _unquoted(value)
            written.append(f" {name} ")
        elif kind == "tick":
            name = f"{mark}c{len(names)}x"
            names[name] = value[1:-1].replace("``", "`")
            written.append(f" {name} ")
        elif kind == "word":
            _check_word(value, noun, text)
            name = value
            if unicodedata.normalize("NFKC", value) != value:  # ast would change the name
                name = f"{mark}c{len(names)}x"
                names[name] = value
            written.append(name)
        elif kind == "space":
            written.append(" ")
        elif value in _SIGNS:
            raise _error(noun, text, f"{value} is not part of the grammar", _SIGNS[value])
        else:
            written.append(value)
    return "".join(written).strip(), names, texts


def _check_word(word: str, noun: str, text: str) -> None:
    if word in _ALLOWED_WORDS:
        return
    hints = {allowed.lower(): f"Write '{allowed}'" for allowed in _ALLOWED_WORDS} | _WORDS
    if word.lower() in hints:
        hint = f"{hints[word.lower()]}, or `{word}` in backticks if it is a name."
        raise _error(noun, text, f"{word} is not part of the grammar", hint)
    if keyword.iskeyword(word):
        hint = f"If it is a name, write it in backticks: `{word}`."
        raise _error(noun, text, f"{word} is a reserved word", hint)


def _unquoted(value: str) -> str:
    quote = value[0]
    return re.sub(
        rf"\\([\\{quote}])|{quote}({quote})", lambda m: m.group(1) or m.group(2), value[1:-1]
    )


def _near(written: str, error: BaseException, names: dict[str, str], texts: dict[str, str]) -> str:
    offset = getattr(error, "offset", None)
    if not isinstance(offset, int) or offset < 2:
        return ""
    rest = written[max(offset - 1, 0) :].strip()
    if not rest:
        return " after its end"
    for mark, value in {**names, **{k: repr(v) for k, v in texts.items()}}.items():
        rest = rest.replace(mark, value)
    return f" from {_short(rest, 30)!r} on"


def _depth(tree: ast.AST) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest


def _error(noun: str, text: str, reason: str, hint: str = "") -> ModelError:
    return ModelError(f"The {noun} {_short(text)!r} is wrong: {reason}.", hint=hint)


def _short(text: str, length: int = 80) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
