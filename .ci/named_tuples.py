"""An extension of griffe: the fields of a named tuple are the parameters of its signature."""

from __future__ import annotations

from typing import Any

import griffe


class NamedTuples(griffe.Extension):
    """Give each named tuple the constructor that `typing.NamedTuple` makes at run time."""

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """Add ``__init__``, from the annotated names of the class body."""
        if "NamedTuple" not in map(str, cls.bases):
            return
        fields = [
            griffe.Parameter(
                name,
                annotation=member.annotation,
                kind=griffe.ParameterKind.positional_or_keyword,
                default=member.value,
            )
            for name, member in cls.members.items()
            if isinstance(member, griffe.Attribute) and member.annotation is not None
        ]
        own = griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
        cls.set_member(
            "__init__", griffe.Function("__init__", parameters=griffe.Parameters(own, *fields))
        )
