"""A connection: `Claude` with ledger, budget and cache as settings say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirrorbi.bedrock.batch_budget import batch_budget_beside
from mirrorbi.bedrock.budget import Budget
from mirrorbi.bedrock.cache import AnswerCache
from mirrorbi.bedrock.client import Claude
from mirrorbi.bedrock.request import RunTag
from mirrorbi.privacy.ledger import open_ledger
from mirrorbi.privacy.policy import Policy
from mirrorbi.settings import Settings, load_settings

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset

_HERE = Path(".mirrorbi")


def connect(
    dataset: Dataset,
    settings: Settings | None = None,
    policy: Policy | None = None,
    tag: RunTag | None = None,
    *,
    session: Any = None,
) -> Claude:
    """Return Claude for a data set. Nothing is sent or asked of AWS yet.

    Parameters
    ----------
    dataset
        Whose model and policy count.
    settings
        By default those of the current folder.
    policy
        By default that of settings and model, the strictest of both.
    tag
        Run and user, for ledger and request metadata.
    session
        A boto3 session to use instead of the one that settings name.

    Raises
    ------
    SettingsError, PolicyError
        If a setting is wrong, or settings and model cannot both be kept.

    Examples
    --------
    >>> import mirrorbi, pandas as pd
    >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo"] * 40, "sales": [3, 4] * 40}))
    >>> connect(ds).policy.narrators
    ('rules',)
    """
    if settings is None:
        settings = load_settings()
    if policy is None:
        policy = Policy.of(settings.privacy, dataset.model)
    ledger_folder = _ledger_folder(settings)
    return Claude(
        settings.claude,
        ledger=open_ledger(settings),
        policy=policy,
        tag=tag,
        budget=Budget.of(settings.claude, batch_budget_beside(ledger_folder)),
        cache=AnswerCache(ledger_folder.parent / "answers") if settings.claude.cache else None,
        session=session,
    )


def _ledger_folder(settings: Settings) -> Path:
    """Return the folder beside which answers and batches are kept."""
    if str(settings.ledger).startswith("s3://"):
        return _HERE / "ledger"
    return Path(settings.ledger).expanduser()
