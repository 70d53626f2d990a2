"""The examples of docstrings run, and give what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import mirrorbi

ROOT = Path(mirrorbi.__file__).parent
MODULES = sorted(
    ".".join(("mirrorbi", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_give_what_they_say(name, monkeypatch):
    monkeypatch.chdir(ROOT.parent)
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0
