"""The policy: what may leave a data set, made definite from settings and model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mirrorbi.data.model.semantic_model import Model, Privacy
from mirrorbi.errors import PolicyError
from mirrorbi.privacy.disclosure import canonical
from mirrorbi.settings import PrivacySettings, load_settings

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset

_CLASSES = (Privacy.SAFE, Privacy.PERSONAL, Privacy.BLOCKED)
_LABELS = ("plain", "alias")
_RETENTION = ("full", "hash")
_APPROVE = ("policy", "session", "call")


class Policy(BaseModel):
    """What may leave, with nothing left open. The defaults are private.

    `Policy.of` makes one from settings and model, `policy_for` from where a data set is
    opened.

    Parameters
    ----------
    min_entities
        Fewest distinct entities in a cell; rows, where the model names no entity.
    dominance
        Largest share of a cell's sum that its two largest entities may have: the (n, k)
        rule with n = 2.
    p_ratio
        A cell is withheld where the rest, without its two largest entities, is less than
        this share of the largest: the second largest could then compute the largest more
        closely than that. The p % rule.
    columns
        Who may see each column that somebody classed or that is not safe, by name of column
        and of dimension.
    labels
        Whether Claude sees names, or aliases such as ``region.3``.
    narrators
        Who may write. The rules always may: they send nothing.
    regions
        AWS regions in which a payload may be processed; ``()`` sets no limit of its own.
    retention
        Whether the ledger keeps each payload whole, or its hash alone.
    approve
        Who lets a payload go: this policy, a person once a session, or at each call.

    References
    ----------
    Hundepool et al., Statistical Disclosure Control, Wiley 2012, section 4.2: minimum
    frequency, (n, k) dominance and p % rules.

    Examples
    --------
    >>> Policy().min_entities, Policy().narrators
    (10, ('rules',))
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_entities: Annotated[int, Field(ge=1)] = 10
    dominance: Annotated[float, Field(gt=0, le=1)] = 0.90
    p_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.10
    columns: dict[str, Privacy] = {}
    labels: Literal["plain", "alias"] = "plain"
    narrators: tuple[Literal["rules", "claude"], ...] = ("rules",)
    regions: tuple[str, ...] = ()
    retention: Literal["full", "hash"] = "full"
    approve: Literal["policy", "session", "call"] = "policy"

    @classmethod
    def of(cls, settings: PrivacySettings | None = None, model: Model | None = None) -> Policy:
        """Return the policy of settings and model: key by key, the strictest of both.

        A key that neither gives has the default. A column's class is the strictest that
        the settings, the model's ``privacy: columns:`` and its dimensions give it.

        Raises
        ------
        PolicyError
            If settings and model both name regions, and have none in common.

        Examples
        --------
        >>> Policy.of(PrivacySettings(min_entities=5)).min_entities
        5
        """
        given = [part for part in (settings, model.privacy if model else None) if part]

        def strictest(key: str, choose: Any) -> Any:
            values = [value for part in given if (value := getattr(part, key)) is not None]
            return choose(values) if values else cls.model_fields[key].default

        def last_of(order: tuple[str, ...]) -> Any:
            return lambda values: max(values, key=order.index)

        return cls(
            min_entities=strictest("min_entities", max),
            dominance=strictest("dominance", min),
            p_ratio=strictest("p_ratio", max),
            columns=_classes(given, model),
            labels=strictest("labels", last_of(_LABELS)),
            narrators=_narrators([p.narrators for p in given if p.narrators is not None]),
            regions=_regions([part.regions for part in given if part.regions]),
            retention=strictest("retention", last_of(_RETENTION)),
            approve=strictest("approve", last_of(_APPROVE)),
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Policy:
        """Return the policy that `to_dict` described.

        Raises
        ------
        PolicyError
            If a key or value is wrong.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            problem = error.errors()[0]
            key = ".".join(str(part) for part in problem["loc"])
            raise PolicyError(
                f"The policy's {key} is wrong: {problem['msg']}.",
                hint=f"Its keys are {', '.join(cls.model_fields)}.",
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain values, ready for JSON."""
        return self.model_dump(mode="json")

    @property
    def sha256(self) -> str:
        """Hash of what the policy says."""
        return hashlib.sha256(canonical(self.to_dict())).hexdigest()

    def class_of(self, column: str) -> Privacy:
        """Return who may see a column, or the dimension of that name."""
        return self.columns.get(column, Privacy.SAFE)


def policy_for(dataset: Dataset, start: Path | None = None) -> Policy:
    """Return the policy that holds for a data set here.

    Parameters
    ----------
    dataset
        Whose model counts.
    start
        Where the search for ``mirrorbi.toml`` begins; the current folder if not given.

    Raises
    ------
    SettingsError
        If a setting is wrong.
    PolicyError
        If settings and model cannot both be kept.
    """
    return Policy.of(load_settings(start).privacy, dataset.model)


def _classes(given: list[PrivacySettings], model: Model | None) -> dict[str, Privacy]:
    dimensions = dict(model.dimensions) if model else {}
    classes: dict[str, Privacy] = {}

    def mark(name: str, named: Privacy) -> None:
        classes[name] = max(classes.get(name, Privacy.SAFE), named, key=_CLASSES.index)

    for part in given:
        for name, named in part.columns.items():
            mark(name, Privacy(named))
    for dimension in dimensions.values():
        mark(dimension.column, dimension.privacy)
    # A dimension and its column are one, whichever of the two a class was given.
    for name, dimension in dimensions.items():
        mark(dimension.column, classes.get(name, Privacy.SAFE))
    for name, dimension in dimensions.items():
        mark(name, classes[dimension.column])
    declared = {name for part in given for name in part.columns}
    return {n: c for n, c in sorted(classes.items()) if c is not Privacy.SAFE or n in declared}


def _narrators(choices: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    is_allowed = bool(choices) and all("claude" in names for names in choices)
    return ("rules", "claude") if is_allowed else ("rules",)


def _regions(choices: list[tuple[str, ...]]) -> tuple[str, ...]:
    if not choices:
        return ()
    common = set(choices[0]).intersection(*choices[1:])
    if not common:
        names = " and ".join(", ".join(regions) for regions in choices)
        raise PolicyError(
            f"Settings and model allow no region in common: {names}.",
            hint="Name a region in privacy.regions of both, or remove one of the two.",
        )
    return tuple(sorted(common))
