"""Setup: what a narrative by Claude needs, put together from the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mirrorbi.bedrock.request import RunTag
from mirrorbi.errors import RefusedError
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative.narrative import Narrative
from mirrorbi.narrative.writer.narrate import Sender, write

if TYPE_CHECKING:
    from mirrorbi.privacy.policy import Policy


def narrate_with_claude(
    facts: FactSet,
    others: Sequence[FactSet] = (),
    *,
    locale: str = "en_GB",
    claude: Sender | None = None,
) -> Narrative:
    """Return a narrative by Claude, called as the settings say.

    Parameters
    ----------
    facts, others, locale
        As for `write`.
    claude
        Calls Claude; by default one made from the settings.

    Raises
    ------
    RefusedError
        If the policy does not allow Claude to write, or the facts do not know their data.
    """
    from mirrorbi.privacy.gate import Gate
    from mirrorbi.privacy.policy import policy_for
    from mirrorbi.privacy.session import session_of

    dataset = facts.origin
    if dataset is None:
        raise RefusedError(
            "The facts do not know their data set, so nothing of them may be sent.",
            hint="Pass what ds.facts() returned.",
        )
    policy = policy_for(dataset)
    require_allowed(policy)
    run = session_of(dataset).run
    if claude is None:
        from mirrorbi.bedrock.setup import connect

        claude = connect(dataset, policy=policy, tag=RunTag(run=run))
    # A batch shows no progress of its own.
    quiet = _silent if run else None
    return write(
        facts, others, claude=claude, gate=Gate(dataset, policy), locale=locale, display=quiet
    )


def require_allowed(policy: Policy) -> None:
    """Refuse where the policy does not let Claude write.

    Raises
    ------
    RefusedError
        Naming the setting that would allow it.
    """
    if "claude" not in policy.narrators:
        raise RefusedError(
            f"The policy allows these to write: {', '.join(policy.narrators)}; not claude.",
            hint='To allow it, set narrators = ["rules", "claude"] under [privacy] in '
            "mirrorbi.toml, and under privacy: of the model if that names narrators.",
        )


def _silent(_: object) -> None:
    """Show nothing."""
