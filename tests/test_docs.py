"""Pages that cannot rot: their code runs, and their figures and names are those of the code."""

import ast
import contextlib
import importlib
import io
import re
import sys
from pathlib import Path

import pytest

import mirrorbi
from mirrorbi.analysis import FOR_ANALYSTS

ROOT = Path(mirrorbi.__file__).parent.parent
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = ("index.md", "disclosure-control.md")


def printed(code, names):
    """Return what a cell prints: the value of its last line too, as a notebook does."""
    body = ast.parse(code).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(ast.Module(body, []), "page", "exec"), names)  # noqa: S102 (our own pages)
        if last is not None:
            # As the console shows a value: not at all if it is None.
            sys.displayhook(eval(compile(ast.Expression(last.value), "page", "eval"), names))  # noqa: S307
    return out.getvalue()


@pytest.fixture(params=RUN)
def page(request, monkeypatch):
    """A page's blocks in order, as (language, text); run where the repository lies."""
    monkeypatch.chdir(ROOT)
    return BLOCK.findall((DOCS / request.param).read_text(encoding="utf-8"))


def test_the_code_of_a_page_prints_what_stands_below_it(page):
    names = {}
    for (language, text), (after, expected) in zip(page, [*page[1:], ("", "")], strict=True):
        if language == "python":
            out = printed(text, names)
            if after == "text":
                assert out.split("\n") == expected.split("\n")
    assert names


def test_the_worked_table_has_the_sums_of_its_data():
    text = (DOCS / "disclosure-control.md").read_text(encoding="utf-8")
    names = {}
    printed(next(code for language, code in BLOCK.findall(text) if language == "python"), names)
    frame = names["frame"]
    lines = re.findall(r"^\| (North|South|total) \|(.*)\|$", text, re.MULTILINE)
    assert [line for line, _ in lines] == ["North", "South", "total"]
    for region, cells in lines:
        for product, cell in zip(("Chair", "Desk", "Lamp", "total"), cells.split("|"), strict=True):
            part = frame[
                frame["region"].isin([region] if region != "total" else ["North", "South"])
                & ((frame["product"] == product) | (product == "total"))
            ]
            expected = f"{part['sales'].sum():,} ({part['client'].nunique()})"
            assert cell.replace("*", "").strip() == expected


@pytest.mark.parametrize("path", [ROOT / "README.md", DOCS / "index.md"], ids=lambda p: p.name)
def test_commands_of_a_page_exist(path):
    commands = re.findall(r"^## `mirrorbi (\w+)`", (DOCS / "commands.md").read_text("utf-8"), re.M)
    for language, text in BLOCK.findall(path.read_text(encoding="utf-8")):
        if language == "sh":
            assert set(re.findall(r"^mirrorbi (\w+)", text, re.MULTILINE)) <= set(commands)


def test_the_reference_has_every_public_name_and_no_name_that_is_gone():
    pages = sorted((DOCS / "reference").glob("*.md"))
    entries = re.findall(
        r"^::: (\S+)", "\n".join(p.read_text(encoding="utf-8") for p in pages), re.MULTILINE
    )
    names = {entry.removeprefix("mirrorbi.") for entry in entries}
    assert set(mirrorbi.__all__) - names == {"MirrorBIError", "__version__"}, "told otherwise"
    for entry in entries:
        home, _, name = entry.rpartition(".")
        assert hasattr(importlib.import_module(home), name), entry


def test_the_reference_has_what_an_analyst_is_offered():
    text = (DOCS / "reference" / "data.md").read_text(encoding="utf-8")
    block = re.search(r"^::: mirrorbi\.Analysis\n((?:    .*\n)+)", text, re.MULTILINE)
    listed = set(re.findall(r"^        - (\w+)$", block.group(1), re.MULTILINE))
    assert set(FOR_ANALYSTS) - listed == {"model", "model_name", "session"}, "set in the instance"
    assert listed <= set(FOR_ANALYSTS)
