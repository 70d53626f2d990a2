"""The typed parameters of a notebook: one cell, read as text and never executed."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mirrorbi.errors import NotebookError, ParameterError, did_you_mean
from mirrorbi.reports.notebook import Notebook, source_of, tags_of
from mirrorbi.reports.parameters.parameter_types import (
    ParameterType,
    UnfitError,
    type_of_annotation,
    type_of_value,
)

TAG = "parameters"
SHORTEST_SECRET = 4
"""Characters below which a secret could not be told from ordinary text in an output."""


class Secret(str):
    """Annotation of a parameter whose value may never be written anywhere.

    In the parameters cell: ``token: mb.Secret = ""``. The value reaches the kernel
    through its environment and is taken out of every output.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the notebook declares it.

    Parameters
    ----------
    name
        Its Python name.
    type
        Its type.
    default
        The literal in the cell; ``None`` where ``required``.
    required
        Whether the cell gives no default.
    help
        The comment at the end of its line.
    line
        In the cell, from 1.
    """

    name: str
    type: ParameterType
    default: Any = None
    required: bool = False
    help: str = ""
    line: int = 0

    @property
    def secret(self) -> bool:
        """Whether its value may never be written."""
        return self.type.secret


@dataclass(frozen=True, slots=True)
class BoundParameters:
    """Values for every parameter of a notebook, checked.

    Parameters
    ----------
    values
        By name, in the order of the cell; without secrets.
    given
        Those of ``values`` that differ from the notebook's own.
    secrets
        By name; kept from every representation.
    """

    values: dict[str, Any]
    given: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


class Parameters(Mapping[str, Parameter]):
    """The parameters that a notebook declares, by name, in order."""

    def __init__(self, declared: Iterable[Parameter] = (), *, cell: bool = True) -> None:
        self._declared = {parameter.name: parameter for parameter in declared}
        self._cell = cell

    def __getitem__(self, name: str) -> Parameter:
        return self._declared[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)

    def bind(self, given: Mapping[str, Any] | None = None) -> BoundParameters:
        """Return a value for every parameter.

        Parameters
        ----------
        given
            By name: Python values, or the text typed on a command line.

        Raises
        ------
        ParameterError
            If one is unknown, missing or of another type. All problems are named at once.

        Examples
        --------
        >>> declared = parse_parameters("top: int = 3  # facts shown")
        >>> declared.bind({"top": "5"}).values
        {'top': 5}
        """
        given = given or {}
        problems = [self._unknown(name) for name in given if name not in self._declared]
        values: dict[str, Any] = {}
        for name, parameter in self._declared.items():
            if name in given:
                try:
                    values[name] = parameter.type.coerce(given[name])
                except UnfitError as error:
                    shown = "" if parameter.secret else f", not {given[name]!r}"
                    problems.append(f"{name} must be {error}{shown}.")
                    continue
            elif parameter.required:
                problems.append(f"{name} is missing: give -p {name}=… ({parameter.type.text}).")
            else:
                values[name] = parameter.default
            if parameter.secret and 0 < len(values.get(name) or "") < SHORTEST_SECRET:
                problems.append(
                    f"{name} is too short for a secret: with fewer than {SHORTEST_SECRET} "
                    "characters it could not be recognised and masked in outputs."
                )
        if problems:
            raise _refusal(problems)
        secrets = {n: v for n, v in values.items() if self._declared[n].secret}
        public = {n: v for n, v in values.items() if n not in secrets}
        changed = {
            n: v
            for n, v in public.items()
            if self._declared[n].required or v != self._declared[n].default
        }
        return BoundParameters(public, changed, {n: v for n, v in secrets.items() if v})

    def _unknown(self, name: str) -> str:
        if not self._cell:
            return (
                f"{name} cannot be set: the notebook has no parameters cell. Tag the cell "
                f"that holds its settings {TAG!r} (JupyterLab: Property Inspector, Cell Tags)."
            )
        return f"There is no parameter {name!r}. " + did_you_mean(
            name, self._declared, noun="parameters"
        )


def read_parameters(notebook: Notebook) -> Parameters:
    """Return what a notebook's cell tagged ``parameters`` declares.

    Raises
    ------
    NotebookError
        If there are two such cells, or the cell holds more than literals.
    """
    tagged = [
        (index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.get("cell_type") == "code" and TAG in tags_of(cell)
    ]
    if not tagged:
        return Parameters(cell=False)
    if len(tagged) > 1:
        numbers = " and ".join(str(index + 1) for index, _ in tagged)
        raise NotebookError(
            f"{notebook.path.name} has {len(tagged)} cells tagged {TAG!r}: {numbers}.",
            hint="Keep the tag on one of them.",
        )
    index, cell = tagged[0]
    where = f"the parameters cell (cell {index + 1}) of {notebook.path.name}"
    return parse_parameters(source_of(cell), where=where)


def parse_parameters(source: str, *, where: str = "the parameters cell") -> Parameters:
    """Return what the text of a parameters cell declares.

    Each line is ``name: type = literal  # help``. Types: `str`, `int`, `float`, `bool`,
    `date`, `list[…]`, `dict[…]`, ``Literal[…]``, ``… | None`` and `Secret`. Without an
    annotation the literal's own type counts; without a literal the parameter must be given.

    Raises
    ------
    NotebookError
        If a line is anything else; the message names it.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NotebookError(
            f"Line {error.lineno} of {where} is not Python: {error.msg}.",
            hint="Write one 'name: type = literal  # help' a line.",
        ) from None
    comments = _comments(source)
    declared: list[Parameter] = []
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        parameter = _parameter(node, where, comments)
        if any(parameter.name == other.name for other in declared):
            raise NotebookError(
                f"Line {node.lineno} of {where} declares {parameter.name!r} again.",
                hint="Keep one of the two.",
            )
        declared.append(parameter)
    return Parameters(declared)


def _parameter(node: ast.stmt, where: str, comments: Mapping[int, str]) -> Parameter:
    annotation: ast.expr | None = None
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        name, annotation, literal = node.target.id, node.annotation, node.value
    elif (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
    ):
        name, literal = node.targets[0].id, node.value
    else:
        raise NotebookError(
            f"Line {node.lineno} of {where} is not a parameter: {ast.unparse(node)!r}.",
            hint="Write one 'name: type = literal  # help' a line, and other code elsewhere.",
        )
    try:
        default = ast.literal_eval(literal) if literal is not None else None
    except ValueError:
        raise NotebookError(
            f"{name} in line {node.lineno} of {where} is not a literal: "
            f"{ast.unparse(literal) if literal else ''!r}.",
            hint="Parameters are read without running them: write the value itself.",
        ) from None
    try:
        parameter_type = type_of_annotation(annotation) if annotation else type_of_value(default)
        if literal is not None:
            default = parameter_type.coerce(default)
    except UnfitError as error:
        raise NotebookError(
            f"{name} in line {node.lineno} of {where} must be {error}.",
            hint="Types: str, int, float, bool, date, list[…], dict[…], Literal[…], "
            "… | None, Secret.",
        ) from None
    end = node.end_lineno or node.lineno
    comment = comments.get(end) or comments.get(node.lineno, "")
    return Parameter(name, parameter_type, default, literal is None, comment, node.lineno)


def _comments(source: str) -> dict[int, str]:
    comments = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.string.lstrip("#: ").strip()
    return comments


def _refusal(problems: list[str]) -> ParameterError:
    what = problems[0]
    if len(problems) > 1:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        what = f"{len(problems)} parameters cannot be used:\n{listed}\n"
    return ParameterError(what, hint="See them all with --help-params.", problems=problems)
