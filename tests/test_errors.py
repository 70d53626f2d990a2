"""Errors: one tree, drawn as it is, whose fields survive the way between processes."""

import inspect
import pickle
import re

import pytest

from mirrorbi import errors
from mirrorbi.errors import MirrorBIError

CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, MirrorBIError)
]
VALUES = {
    "str": "some words",
    "int": 2,
    "float": 0.5,
    "Iterable[str]": ["one", "two"],
    "tuple[str, ...]": ("one", "two"),
}


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda error_class: error_class.__name__)
def test_an_error_is_the_same_in_another_process(error_class):
    given = {
        parameter.name: VALUES[parameter.annotation.removesuffix(" | None")]
        for parameter in list(inspect.signature(error_class).parameters.values())[1:]
    }
    assert "hint" in given
    error = error_class("The file 'a.csv' is empty.", **given)
    error.add_note("seen in cell 3")

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301

    assert type(copy) is error_class
    assert str(copy) == str(error) == "The file 'a.csv' is empty. some words"
    assert vars(copy) == vars(error)
    assert copy.args == error.args
    assert copy.exit_code == error.exit_code
    for name, value in given.items():
        assert getattr(copy, name) == (tuple(value) if isinstance(value, list) else value), name


def test_the_drawing_shows_every_error_under_its_base_with_its_exit_code():
    path, drawn = [], {}
    for line in errors.__doc__.splitlines():
        found = re.match(r"    ([│├└─ ]*)(\w+Error) +(?:exit code )?(\d)", line)
        if found is None:
            continue
        del path[len(found[1]) // 4 :]
        drawn[found[2]] = (path[-1] if path else "Exception", int(found[3]))
        path.append(found[2])
    written = {cls.__name__: (cls.__base__.__name__, cls("What.").exit_code) for cls in CLASSES}
    assert drawn == written
