"""How a budget is shown: a line of text, and bars in the notebook."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirrorbi.bedrock.budget import Budget

_FONT = "font:13px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums"
# Only the colour of the text, thinned: it fits a light notebook and a dark one.
_QUIET = "opacity:.7"
_TRACK = "background:color-mix(in srgb,currentColor 15%,transparent)"


def budget_text(budget: Budget) -> str:
    """Return what was spent as one line."""
    _, spent, limit = _limits(budget)[0]
    parts = [_of(spent, limit), *_counts(budget)]
    return f"Claude: {', '.join(parts)}"


def budget_html(budget: Budget) -> str:
    """Return what was spent as bars, in the colours of the notebook's theme."""
    bars = "".join(_bar(of, spent, limit) for of, spent, limit in _limits(budget))
    counts = " · ".join(_counts(budget))
    return (
        f'<div style="{_FONT};max-width:28em;padding:2px 0">{bars}'
        f'<div style="{_QUIET}">{counts}</div></div>'
    )


def _limits(budget: Budget) -> list[tuple[str, Decimal, Decimal | None]]:
    """Return name, spent and limit of the run, and of the batch where there is one."""
    limits = [("Run", budget.spent, budget.run)]
    if budget.batch is not None or budget.batch_budget is not None:
        batch_spent = (
            budget.spent if budget.batch_budget is None else budget.batch_budget.read().total
        )
        limits.append(("Batch", batch_spent, budget.batch))
    return limits


def _counts(budget: Budget) -> list[str]:
    used = budget.usage
    read = used.input + used.cache_read + used.cache_write
    parts = [_number(budget.calls, "call"), f"{read:,} tokens in", f"{used.output:,} out"]
    if used.cache_read:
        parts.append(f"{used.cache_read:,} from the prompt cache")
    if budget.cached:
        parts.append(f"{_number(budget.cached, 'answer')} kept from before")
    return parts


def _bar(of: str, spent: Decimal, limit: Decimal | None) -> str:
    line = (
        '<div style="display:flex;justify-content:space-between">'
        f'<span style="{_QUIET}">{of}</span><span>{_of(spent, limit)}</span></div>'
    )
    if limit is None:
        return line
    share = min(spent / limit, Decimal(1)) * 100 if limit else Decimal(100)
    return (
        f'{line}<div role="meter" aria-label="{of}: {_of(spent, limit)}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{share:.0f}" '
        f'style="height:5px;margin:1px 0 5px;{_TRACK}">'
        f'<div style="width:{share:.1f}%;height:100%;background:currentColor"></div></div>'
    )


def _of(spent: Decimal, limit: Decimal | None) -> str:
    from mirrorbi.bedrock.budget import dollars, figure

    return dollars(spent) if limit is None else f"{figure(spent)} of {dollars(limit)}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"
