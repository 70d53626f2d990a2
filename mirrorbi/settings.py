"""Settings: from ``mirrorbi.toml`` and the environment."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from mirrorbi.errors import SettingsError, did_you_mean

FILE_NAME = "mirrorbi.toml"
PREFIX = "MIRRORBI_"


class Settings(BaseModel):
    """How MirrorBI runs here.

    Each setting is a key of ``mirrorbi.toml`` or a variable of the environment, which goes
    before the file: ``locale``, ``MIRRORBI_LOCALE``. Relative folders are relative to the
    file that names them, or to the current folder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reports: Path = Path("reports")
    """Folder to which reports are written."""
    locale: str = "en_GB"
    """Language and number format of reports, as in ``en_GB`` or ``de_CH``."""
    path: tuple[Path, ...] = ()
    """Further folders in which data is looked up by its relative name."""

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        match = re.fullmatch(r"([A-Za-z]{2,3})(?:[_-]([A-Za-z]{4}))?(?:[_-]([A-Za-z]{2}))?", value)
        if match is None:
            raise ValueError("is no locale: write it as en_GB or de_CH")
        language, script, territory = match.groups()
        parts = [language.lower(), (script or "").title(), (territory or "").upper()]
        tidy = "_".join(filter(None, parts))
        if tidy != "en_GB":
            from babel import localedata

            if not localedata.exists(tidy):
                raise ValueError("is not known: write it as en_GB or de_CH")
        return tidy


_KEYS = tuple(Settings.model_fields)


def load_settings(start: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that hold in a folder.

    Parameters
    ----------
    start
        Where the search for ``mirrorbi.toml`` begins, going up; the current folder if not
        given.
    environ
        The environment; the process's own if not given.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a key or value is wrong.

    Examples
    --------
    >>> load_settings(Path("/"), {"MIRRORBI_LOCALE": "de_CH"}).locale
    'de_CH'
    """
    folder = Path.cwd() if start is None else start
    given: dict[str, Any] = {}
    origin: dict[str, str] = {}
    file = find_settings(folder)
    if file is not None:
        given = _from_file(file)
        origin = {key: f"{FILE_NAME}: {key}" for key in given}
    variables = _from_environment(os.environ if environ is None else environ)
    given |= variables
    origin |= {key: PREFIX + key.upper() for key in variables}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        key = str(problem["loc"][0])
        reason = str(problem["msg"]).removeprefix("Value error, ")
        raise SettingsError(
            f"{origin.get(key, key)} = {given.get(key)!r}: {reason}.",
            hint="Correct the value, or remove it to use the default.",
        ) from None


def find_settings(start: Path) -> Path | None:
    """Return the nearest ``mirrorbi.toml`` in a folder or one above it, or ``None``."""
    for folder in (start, *start.absolute().parents):
        file = folder / FILE_NAME
        if file.is_file():
            return file
    return None


def _from_file(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{FILE_NAME} is no valid TOML: {error}.", hint='Write it as  locale = "en_GB".'
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{FILE_NAME} could not be read: {error}.",
            hint="Save it as UTF-8 text that this user may read.",
        ) from error
    for key in values:
        if key not in _KEYS:
            _refuse_key(key, FILE_NAME, _KEYS)
    if isinstance(values.get("reports"), str):
        values["reports"] = file.parent / Path(values["reports"]).expanduser()
    if isinstance(values.get("path"), str):
        values["path"] = [values["path"]]
    if isinstance(values.get("path"), list) and all(isinstance(v, str) for v in values["path"]):
        values["path"] = [file.parent / Path(value).expanduser() for value in values["path"]]
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or not text:
            continue
        key = variable.removeprefix(PREFIX).lower()
        if key in _KEYS:
            values[key] = text
        elif get_close_matches(key, _KEYS, n=1, cutoff=0.75):
            # Other variables with this prefix belong to other parts: secrets, debugging.
            _refuse_key(variable, "the environment", [PREFIX + k.upper() for k in _KEYS])
    if "path" in values:
        parts = [part for part in values["path"].split(os.pathsep) if part]
        values["path"] = [Path(part).expanduser().absolute() for part in parts]
    return values


def _refuse_key(shown: str, where: str, known: Iterable[str]) -> NoReturn:
    raise SettingsError(
        f"{shown!r} in {where} is no setting.", hint=did_you_mean(shown, known, noun="settings")
    )
