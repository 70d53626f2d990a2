"""The types that a parameter may have, built from the text of an annotation."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, reduce
from operator import or_
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml

from mirrorbi.errors import did_you_mean

_NAMES = ("str", "int", "float", "bool", "date", "list", "dict", "None", "Secret")
_NULL = ("null", "none")


class UnfitError(ValueError):
    """Says what a value, or an annotation, should have been: ``"a whole number"``."""


@dataclass(frozen=True)
class ParameterType:
    """One type of a parameter.

    Parameters
    ----------
    text
        As written in the notebook.
    annotation
        What pydantic checks against.
    optional
        Whether ``None`` is allowed.
    secret
        Whether the value may never be written.
    """

    text: str
    annotation: Any
    optional: bool = False
    secret: bool = False

    @cached_property
    def _check(self) -> Callable[[Any], Any]:
        from pydantic import ConfigDict, TypeAdapter

        config = ConfigDict(coerce_numbers_to_str=True, allow_inf_nan=False)
        return TypeAdapter(self.annotation, config=config).validate_python

    def coerce(self, value: Any) -> Any:
        """Return a value as this type; text is read as a command line means it.

        Raises
        ------
        UnfitError
            If it is of another type.
        """
        from pydantic import ValidationError

        if self.optional and isinstance(value, str) and value.lower() in _NULL:
            return None
        if value is None and self.optional:
            return None
        try:
            return _plain(self._check(self._read(value)))
        except ValidationError:
            raise UnfitError(self.description) from None

    @property
    def description(self) -> str:
        """The type in words, for a message: ``"a whole number"``."""
        text = self.text.removesuffix(" | None")
        words = _WORDS.get(text, text)
        if text.startswith("Literal["):
            words = "one of " + text.removeprefix("Literal[").removesuffix("]")
        return f"{words}, or none" if self.optional else words

    def _read(self, value: Any) -> Any:
        if isinstance(value, datetime | date) and self.annotation is not date:
            return value.isoformat()
        plain = next(iter(_union_members(self.annotation)))
        container = get_origin(plain) or plain
        if isinstance(value, str) and container is Literal:
            return next((c for c in get_args(plain) if str(c) == value), value)
        if isinstance(value, str) and container in (list, dict):
            if container is list and not value.lstrip().startswith("["):
                return [part.strip() for part in value.split(",") if part.strip()]
            try:
                return yaml.safe_load(value)
            except yaml.YAMLError:
                raise UnfitError(self.description) from None
        return value


def type_of_annotation(node: ast.expr) -> ParameterType:
    """Return the type that an annotation names.

    Raises
    ------
    UnfitError
        If it is none of those that a parameter may have.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = ast.parse(node.value, mode="eval").body
    text = ast.unparse(node).replace("typing.", "").replace("datetime.date", "date")
    if _last_name(node) == "Secret":
        return ParameterType("Secret", str, secret=True)
    built = _build(node)
    return ParameterType(text, built, type(None) in get_args(built))


def type_of_value(value: Any) -> ParameterType:
    """Return the type of a literal that has no annotation.

    Raises
    ------
    UnfitError
        If a parameter cannot be of that type.
    """
    if value is None:
        return ParameterType("str | None", str | None, True)
    if type(value) in (str, int, float, bool, list, dict):
        return ParameterType(type(value).__name__, _strict(type(value)))
    raise UnfitError(f"a str, int, float, bool, list or dict, not a {type(value).__name__}")


def _build(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=None):
            return None
        case ast.BinOp(op=ast.BitOr()):
            parts = [_build(node.left), _build(node.right)]
            return reduce(or_, [type(None) if part is None else part for part in parts])
        case ast.Subscript(slice=inner):
            name = _last_name(node.value)
            if name == "Literal":
                choices = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                return Literal[tuple(ast.literal_eval(choice) for choice in choices)]
            if name == "list":
                return list[_build(inner)]  # type: ignore[misc]
            if name == "dict" and isinstance(inner, ast.Tuple) and len(inner.elts) == 2:
                key, value = (_build(part) for part in inner.elts)
                return dict[key, value]  # type: ignore[valid-type]
            if name == "Optional":
                return _build(inner) | None
    name = _last_name(node)
    plain = {"str": str, "int": int, "float": float, "bool": bool, "date": date}
    if name in plain:
        return _strict(plain[name])
    if name in ("list", "dict"):
        return list if name == "list" else dict
    hint = did_you_mean(name or ast.unparse(node), _NAMES, noun="types")
    raise UnfitError(f"of a known type, not {ast.unparse(node)!r}. {hint}")


def _union_members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(part for part in get_args(annotation) if part is not type(None))
    return (annotation,)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _strict(plain_type: type) -> Any:
    from pydantic import BeforeValidator

    def refuse_bool(value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("a truth value")
        return value

    return (
        Annotated[plain_type, BeforeValidator(refuse_bool)]
        if plain_type in (int, float, str)
        else plain_type
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value


_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a day such as 2013-12-31",
    "list": "a list such as a,b,c",
    "dict": "a mapping such as '{a: 1}'",
    "list[str]": "a list of text such as a,b,c",
    "list[int]": "a list of whole numbers such as 1,2,3",
    "list[float]": "a list of numbers such as 1,2.5",
}
