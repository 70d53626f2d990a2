"""The plan of a run: decided, and checked, before a kernel starts."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirrorbi.reports.notebook import Notebook, load_notebook
from mirrorbi.reports.parameters.parameter_cell import BoundParameters, Parameters, read_parameters
from mirrorbi.reports.parameters.secret import Mask, from_environment
from mirrorbi.settings import Settings, load_settings

NARRATOR = "MIRRORBI_NARRATOR"
"""Variable that says who writes."""

_LONGEST_SLUG = 60
_BARE = ("period", "source")
"""Parameters whose value says enough without its name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of one notebook.

    Parameters
    ----------
    notebook
        As on disk.
    declared
        The parameters that it declares.
    bound
        Their values.
    folder
        Where the report goes.
    caller
        The folder from which the run was asked for.
    settings
        Those that hold there.
    environment
        Settings given for this run alone, as variables of the kernel's environment.
    """

    notebook: Notebook
    declared: Parameters
    bound: BoundParameters
    folder: Path
    caller: Path
    settings: Settings
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The report's file name without its ending: the same run gives the same name.

        It is the notebook's, then the parameters that differ from the notebook's own.
        """
        given = self.bound.given
        parts = [
            _slug(_base_name(value)) if name in _BARE else f"{_slug(name)}-{_slug(value)}"
            for name, value in given.items()
        ]
        if not parts:
            return self.notebook.stem
        text = "-".join(parts)
        lossless = all(
            isinstance(v, str | int | float) and _slug(v) == str(v) for v in given.values()
        )
        if not lossless or len(text) > _LONGEST_SLUG:
            text = f"{text[:_LONGEST_SLUG].rstrip('-')}-{_digest(self.bound.given)}"
        return f"{self.notebook.stem}-{text}"

    @property
    def run_id(self) -> str:
        """Ten hexadecimal digits of notebook and parameters: equal runs have equal ids."""
        return _digest([self.notebook.sha256, self.bound.values], 10)

    @property
    def report(self) -> Path:
        """The HTML file."""
        return self.folder / f"{self.name}.html"

    @property
    def executed(self) -> Path:
        """The executed notebook."""
        return self.folder / f"{self.name}.ipynb"

    @property
    def failure_page(self) -> Path:
        """Where the maintainer reads why a run failed; the report itself stays."""
        return self.folder / f"{self.name}.failed.html"

    @property
    def failed_notebook(self) -> Path:
        """The notebook up to the failure."""
        return self.folder / f"{self.name}.failed.ipynb"

    @property
    def draft(self) -> Path:
        """A report whose text failed its checks, for the maintainer alone."""
        return self.folder / f"{self.name}.draft.html"

    @property
    def grounding(self) -> Path:
        """From each figure of the text to its fact, its queries and the data."""
        return self.folder / f"{self.name}.grounding.json"

    @property
    def files(self) -> Path:
        """Where files are kept that the notebook wrote into its working folder."""
        return self.folder / f"{self.name}.files"

    @property
    def mask(self) -> Mask:
        """Takes the secrets of this run out of text."""
        return Mask(self.bound.secrets.values())

    @property
    def values(self) -> dict[str, Any]:
        """All parameters as a reader may see them: files by name, no folder of this machine."""
        return {
            name: with_relative_paths(value, self.caller)
            for name, value in self.bound.values.items()
        }

    @property
    def given(self) -> dict[str, Any]:
        """The parameters that differ from the notebook's own, as a reader may see them."""
        return {
            name: with_relative_paths(value, self.caller)
            for name, value in self.bound.given.items()
        }

    @property
    def command(self) -> str:
        """The command line that makes this run again; a secret's value is left to fill in."""
        words = ["mirrorbi", "run", shown_path(self.notebook.path, self.caller)]
        for name, value in self.given.items():
            words += ["-p", f"{name}={text_of_value(value)}"]
        for name in self.bound.secrets:
            words += ["-p", f"{name}=…"]
        if NARRATOR in self.environment:
            words += ["--narrator", self.environment[NARRATOR]]
        return " ".join(word if "…" in word else shlex.quote(word) for word in words)


def make_plan(
    notebook: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    output: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Plan:
    """Read a notebook, check parameters against it, and decide where everything goes.

    Raises
    ------
    NotebookError
        If the notebook cannot be used.
    ParameterError
        If a parameter is unknown, missing or of another type.
    SettingsError
        If a setting is wrong.
    """
    loaded = load_notebook(notebook)
    declared = read_parameters(loaded)
    secret = [name for name, parameter in declared.items() if parameter.secret]
    bound = declared.bind({**from_environment(secret), **(parameters or {})})
    variables = dict(environment or {})
    settings = load_settings(environ={**os.environ, **variables})
    folder = Path(output) if output else settings.reports
    return Plan(loaded, declared, bound, folder, Path.cwd(), settings, variables)


def shown_path(path: Path, base: Path) -> str:
    """Return a path for people: relative to ``base`` where inside it, else the name alone."""
    try:
        return path.relative_to(base).as_posix()
    except ValueError:
        return path.name


def with_relative_paths(value: Any, base: Path) -> Any:
    """Return a parameter's value with every absolute path shown as `shown_path` does."""
    if isinstance(value, list):
        return [with_relative_paths(part, base) for part in value]
    if isinstance(value, dict):
        return {name: with_relative_paths(part, base) for name, part in value.items()}
    if isinstance(value, str) and Path(value).is_absolute():
        return shown_path(Path(value), base)
    return value


def text_of_value(value: Any) -> str:
    """Return a parameter's value as one types it on the command line."""
    if isinstance(value, list | dict | bool) or value is None:
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _base_name(value: Any) -> Any:
    return Path(value).name if isinstance(value, str) else value


def _slug(value: Any) -> str:
    return re.sub(r"[^\w.-]+", "-", text_of_value(value)).strip("-.") or "none"


def _digest(value: Any, length: int = 6) -> str:
    import json

    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:length]
