"""Settings: from ``mirrorbi.toml`` and the environment."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mirrorbi.errors import SettingsError, did_you_mean

FILE_NAME = "mirrorbi.toml"
PREFIX = "MIRRORBI_"
FOLDER = "MIRRORBI_FOLDER"
"""Variable by which a run tells its kernel, which works elsewhere, whose settings hold."""
RUN = "MIRRORBI_RUN_ID"
"""Variable by which a run tells its kernel which run it is; not set elsewhere."""


_LEDGER = Path(".mirrorbi/ledger")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PrivacySettings(_Section):
    """What may leave: the ``[privacy]`` of ``mirrorbi.toml`` and ``privacy:`` of a model.

    What is not given is ``None``; where both give a value, the strictest holds
    (`mirrorbi.privacy.Policy`).
    """

    min_entities: Annotated[int, Field(ge=1)] | None = None
    """Fewest distinct entities in a cell (rows, where the model names no entity)."""
    dominance: Annotated[float, Field(gt=0, le=1)] | None = None
    """Largest share of a cell that its two largest entities may have."""
    p_ratio: Annotated[float, Field(ge=0, lt=1)] | None = None
    """How close, as a share, the second largest entity may come to knowing the largest."""
    columns: dict[str, Literal["safe", "personal", "blocked"]] = {}
    """Who may see each column."""
    labels: Literal["plain", "alias"] | None = None
    """Whether Claude sees names of metrics and members, or aliases such as region.3."""
    narrators: tuple[Literal["rules", "claude"], ...] | None = None
    """Who may write; nobody but the rules unless given."""
    regions: tuple[str, ...] | None = None
    """AWS regions in which a payload may be processed; none given, the residency decides."""
    retention: Literal["full", "hash"] | None = None
    """Whether the ledger keeps each payload whole, or its hash alone."""
    approve: Literal["policy", "session", "call"] | None = None
    """Who lets a payload go: this policy, a person once a session, or at each call."""


class ModelSettings(_Section):
    """What a model can do that is not in our table: ``[claude.models."ID"]``."""

    name: str = ""
    context: Annotated[int, Field(ge=1000)] = 200_000
    output: Annotated[int, Field(ge=256)] = 8_192
    sampling: bool = False
    forced_tool: bool = False
    json_schema: bool = False
    thinking: bool = False
    """Whether it thinks before it answers: room for that is added to the longest answer."""
    cache_minimum: Annotated[int, Field(ge=0)] | None = None
    input_price: Decimal | None = None
    """US dollars per million tokens; without it no cost is stated."""
    output_price: Decimal | None = None
    cache_read_price: Decimal | None = None
    cache_write_price: Decimal | None = None
    regional: tuple[str, ...] = ()
    """AWS regions in which it is served without an inference profile, and so stays there."""
    regions: tuple[str, ...] = ()
    """AWS regions in which a call may be processed, where the id does not tell."""


class ClaudeSettings(_Section):
    """How Claude is called: the ``[claude]`` of ``mirrorbi.toml``."""

    model: str = "claude-sonnet-4-6"
    """A name of `mirrorbi models`, a Bedrock model or profile id, or an ARN."""
    region: str | None = None
    """AWS region of the endpoint; by default that of the AWS profile."""
    profile: str | None = None
    """AWS profile (``~/.aws/config``); by default boto3's own choice."""
    endpoint: str | None = None
    """URL of the Bedrock runtime, such as that of a VPC endpoint."""
    residency: Literal["region", "geo", "global"] = "region"
    """How far a call may travel from its region."""
    connect_timeout: Annotated[float, Field(gt=0)] = 5.0
    """Seconds until a connection must stand."""
    read_timeout: Annotated[float, Field(gt=0)] = 300.0
    """Seconds that may pass without a byte of the answer."""
    timeout: Annotated[float, Field(gt=0)] = 900.0
    """Seconds that a call may take in all, waiting and repeating included."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 4
    """How often a call is tried in all."""
    backoff: Annotated[float, Field(ge=0)] = 1.0
    """Seconds of the longest first wait after a throttled call; it doubles, up to 20."""
    max_tokens: Annotated[int, Field(ge=256)] | None = None
    """Longest answer, in tokens, where what asks allows less."""
    budget_call: Decimal | None = None
    """US dollars that one call may cost."""
    budget_run: Decimal | None = None
    """US dollars that one report or conversation may cost."""
    budget_batch: Decimal | None = None
    """US dollars that one batch of reports may cost."""
    guardrail: str | None = None
    """Id of a Bedrock guardrail, and its version: ``gr-abc123:1``."""
    cache: bool = True
    """Whether an answer to the same payload is taken from the cache."""
    models: dict[str, ModelSettings] = {}
    """What models outside our table can do."""


class Settings(_Section):
    """How MirrorBI runs here.

    Each setting is a key of ``mirrorbi.toml`` or a variable of the environment, which goes
    before the file: ``locale``, ``MIRRORBI_LOCALE``. Relative folders are relative to the
    file that names them, or to the current folder. Keys of a section are variables with
    its name: ``MIRRORBI_CLAUDE_MODEL``.
    """

    reports: Path = Path("reports")
    """Folder to which reports are written."""
    locale: str = "en_GB"
    """Language and number format of reports, as in ``en_GB`` or ``de_CH``."""
    path: tuple[Path, ...] = ()
    """Further folders in which data is looked up by its relative name."""
    narrator: Literal["rules", "claude"] = "rules"
    """Who writes the analysis, where nobody says."""
    keep_outputs: bool = False
    """Whether the notebook kept beside a report keeps outputs that the report does not show."""
    ledger: Path | str = _LEDGER
    """Folder of the ledger, or ``s3://bucket/prefix``."""
    ledger_kms_key: str | None = None
    """Id, ARN or alias of the KMS key for a ledger in S3; else the bucket's encryption."""
    privacy: PrivacySettings = PrivacySettings()
    """What may leave."""
    claude: ClaudeSettings = ClaudeSettings()
    """How Claude is called."""

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
_SECTIONS: dict[str, type[_Section]] = {"privacy": PrivacySettings, "claude": ClaudeSettings}
_FLAT = (
    *(key for key in _KEYS if key not in _SECTIONS),
    *(f"{name}_{key}" for name, part in _SECTIONS.items() for key in part.model_fields),
)


def load_settings(start: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that hold in a folder.

    Parameters
    ----------
    start
        Where the search for ``mirrorbi.toml`` begins, going up; the current folder if not
        given, in a run that from which it was asked for (``MIRRORBI_FOLDER``).
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
    folder = Path(os.environ.get(FOLDER) or Path.cwd()) if start is None else start
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    file = find_settings(folder)
    if file is not None:
        values = _from_file(file)
        origin = {key: f"{FILE_NAME}: {key}" for key in values}
    variables = _from_environment(os.environ if environ is None else environ)
    for key, value in variables.items():
        section = next((name for name in _SECTIONS if key.startswith(name + "_")), None)
        if section is None:
            values[key] = value
        else:
            values[section] = {
                **values.get(section, {}),
                key.removeprefix(section + "_"): value,
            }
        origin[key] = PREFIX + key.upper()
    if file is not None and "ledger" not in variables:
        values["ledger"] = _place(values.get("ledger", _LEDGER), file.parent)
    elif start is None:
        values["ledger"] = _place(values.get("ledger", _LEDGER), folder)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        _refuse(error, values, origin)


def _refuse(error: ValidationError, values: dict[str, Any], origin: dict[str, str]) -> NoReturn:
    """Say which key of which place is wrong, with its value."""
    problem = error.errors()[0]
    path = [str(part) for part in problem["loc"]]
    section = _SECTIONS.get(path[0])
    if problem["type"] == "extra_forbidden" and section is not None and len(path) == 2:
        _refuse_key(path[1], f"[{path[0]}] of {FILE_NAME}", section.model_fields)
    key = path[0] if section is None else "_".join(path[:2])
    # An item of a list is shown with its list: that is what stands in the file.
    dotted = path[0] if section is None else ".".join(path)
    value = values.get(path[0]) if section is None else problem["input"]
    reason = str(problem["msg"]).removeprefix("Value error, ")
    raise SettingsError(
        f"{origin.get(key, f'{FILE_NAME}: {dotted}')} = {value!r}: {reason}.",
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
        if key in _FLAT:
            values[key] = _listed(key, text)
        elif get_close_matches(key, _FLAT, n=1, cutoff=0.75):
            # Other variables with this prefix belong to other parts: secrets, debugging.
            _refuse_key(variable, "the environment", [PREFIX + k.upper() for k in _FLAT])
    if "path" in values:
        parts = [part for part in values["path"].split(os.pathsep) if part]
        values["path"] = [Path(part).expanduser().absolute() for part in parts]
    return values


def _place(ledger: Any, base: Path) -> Any:
    """Return where a ledger lies: a run's kernel works in a folder that does not stay."""
    if not isinstance(ledger, (str, Path)) or str(ledger).startswith("s3://"):
        return ledger
    path = Path(ledger).expanduser()
    return path if base == Path.cwd() else base / path


def _listed(key: str, text: str) -> Any:
    """Return a variable's text, split where the setting is a list of words."""
    lists = ("privacy_narrators", "privacy_regions")
    return [part.strip() for part in text.split(",") if part.strip()] if key in lists else text


def _refuse_key(shown: str, where: str, names: Iterable[str]) -> NoReturn:
    raise SettingsError(
        f"{shown!r} in {where} is no setting.", hint=did_you_mean(shown, names, noun="settings")
    )
