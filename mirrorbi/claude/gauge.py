"""How a budget is shown: a line of text, and a bar in the notebook."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirrorbi.claude.budget import Budget


def gauge_text(budget: Budget) -> str:
    """Return what was spent as one line."""
    from mirrorbi.claude.budget import dollars, figure

    of = "" if budget.run is None else f"{figure(budget.spent)} of {dollars(budget.run)}"
    used = budget.usage
    parts = [
        of or dollars(budget.spent),
        f"{budget.calls:,} {'call' if budget.calls == 1 else 'calls'}",
        f"{used.input + used.cache_read + used.cache_write:,} tokens in",
        f"{used.output:,} out",
    ]
    if used.cache_read:
        parts.append(f"{used.cache_read:,} from the prompt cache")
    if budget.cached:
        parts.append(f"{budget.cached:,} kept {'answer' if budget.cached == 1 else 'answers'}")
    return f"Claude: {', '.join(parts)}"


def gauge_html(budget: Budget) -> str:
    """Return what was spent as a bar, in the colours of the notebook's theme."""
    text = gauge_text(budget)
    if not budget.run:
        return f"<div>{text}</div>"
    share = min(budget.spent / budget.run, Decimal(1))
    return f'<div>{text}</div><progress value="{share:f}" max="1"></progress>'
