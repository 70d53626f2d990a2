"""Ask: one question, or a conversation, about a data set."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import TYPE_CHECKING

from mirrorbi.errors import CredentialsError, RefusedError
from mirrorbi.narrative.chat.answer import Answer
from mirrorbi.narrative.chat.conversation import Conversation, Limits

if TYPE_CHECKING:
    from mirrorbi.bedrock.client import Claude
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.approval import Approve
    from mirrorbi.settings import Settings

WITHOUT = "Without Claude, 'mirrorbi facts' shows what is worth knowing and sends nothing."
"""What to do where Claude cannot be asked."""


def converse(
    dataset: Dataset,
    *,
    model: str | None = None,
    budget: Decimal | float | str | None = None,
    cache: bool | None = None,
    locale: str | None = None,
    limits: Limits | None = None,
    claude: Claude | None = None,
    approve: Approve | None = None,
    settings: Settings | None = None,
) -> Conversation:
    """Return a conversation about a data set, in which nothing has been said yet.

    Parameters
    ----------
    dataset
        What is asked about.
    model
        A name of `mirrorbi models`; by default that of the settings.
    budget
        US dollars that the conversation may cost; by default that of the settings.
    cache
        Whether an answer to the same payload is taken from the cache; by default as the
        settings say.
    locale
        Of the number formats; by default that of the settings.
    limits
        How far one question may go.
    claude
        The client, where there is one already.
    approve
        Asked before anything made from data is sent; by default as the policy says.
    settings
        By default those of the folder.

    Raises
    ------
    RefusedError
        If the policy does not allow Claude.
    MirrorBIError
        If Claude cannot be reached as the settings say.
    """
    from mirrorbi.privacy.gate import Gate
    from mirrorbi.privacy.policy import policy_for
    from mirrorbi.settings import load_settings

    policy = policy_for(dataset)
    if "claude" not in policy.narrators:
        raise RefusedError(
            "The policy of this data does not allow Claude to be asked.",
            hint='Allow it with  narrators = ["claude"]  under [privacy] in mirrorbi.toml. '
            + WITHOUT,
        )
    chosen = settings if settings is not None else load_settings()
    if claude is None:
        from mirrorbi.bedrock.request import RunTag
        from mirrorbi.bedrock.setup import connect

        overrides: dict[str, object] = {}
        if model is not None:
            overrides["model"] = model
        if budget is not None:
            overrides["budget_run"] = Decimal(str(budget))
        if cache is not None:
            overrides["cache"] = cache
        overridden = chosen.model_copy(
            update={"claude": chosen.claude.model_copy(update=overrides)}
        )
        claude = connect(dataset, overridden, policy, RunTag(run=f"ask-{secrets.token_hex(6)}"))
    return Conversation(
        dataset,
        claude,
        Gate(dataset, policy, approve=approve),
        locale=locale or chosen.locale,
        limits=limits,
    )


def ask(
    dataset: Dataset,
    question: str,
    conversation: Conversation | None = None,
    *,
    model: str | None = None,
    budget: Decimal | float | str | None = None,
    cache: bool | None = None,
    locale: str | None = None,
    limits: Limits | None = None,
) -> Answer:
    """Answer a question about a data set with Claude; every figure is filled from a fact.

    Claude chooses facts through typed tools and writes sentences with slots. It sees only
    what the gate let through, and computes nothing itself.

    Parameters
    ----------
    dataset
        What is asked about.
    question
        In plain words. It is sent to Claude, so it may not hold personal data.
    conversation
        One begun before (``answer.conversation``): its facts stay.
    model, budget, cache, locale, limits
        Of a new conversation, as in `converse`.

    Raises
    ------
    RefusedError
        If the policy does not allow Claude, or the question holds personal data.
    ClaudeError
        If Claude cannot be asked: the message says what to do.

    Examples
    --------
    With credentials for Amazon Bedrock::

        answer = mirrorbi.open("sales.parquet").ask("Why did revenue fall in March?")
        print(answer, answer.code)
    """
    try:
        if conversation is None:
            conversation = converse(
                dataset, model=model, budget=budget, cache=cache, locale=locale, limits=limits
            )
        return conversation.ask(question)
    except CredentialsError as error:
        if WITHOUT not in error.hint:
            raise CredentialsError(error.what, hint=f"{error.hint} {WITHOUT}".strip()) from error
        raise
