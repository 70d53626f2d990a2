"""The budget: what may be spent, and a gauge of what is."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol, Self

from mirrorbi.bedrock.batch_budget import BatchBudget
from mirrorbi.bedrock.cost import Estimate
from mirrorbi.bedrock.request import Usage
from mirrorbi.errors import BudgetError, ClaudeError

_FONT = "font:13px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums"
# Only the colour of the text, thinned: it fits a light notebook and a dark one.
_QUIET = "opacity:.7"
_TRACK = "background:color-mix(in srgb,currentColor 15%,transparent)"


class Limits(Protocol):
    """What is asked of settings (`mirrorbi.settings.ClaudeSettings`)."""

    @property
    def budget_call(self) -> Decimal | None:
        """US dollars that one call may cost."""

    @property
    def budget_run(self) -> Decimal | None:
        """US dollars that one report or conversation may cost."""

    @property
    def budget_batch(self) -> Decimal | None:
        """US dollars that one batch of reports may cost."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside for one call."""

    id: str
    cost: Decimal


class Budget:
    """What a call, a run and a batch may cost; asked before anything is spent.

    The most that a call may cost is set aside before it is made, and replaced by what it
    did cost afterwards. Where nobody knows what became of a call, what was set aside stays
    counted: that of a process that was killed too.

    Parameters
    ----------
    call, run, batch
        US dollars; ``None`` sets no limit.
    batch_budget
        File in which the processes of one batch keep what they spent; ``None`` if the
        batch is this run alone.

    Examples
    --------
    >>> budget = Budget(run=Decimal("0.50"))
    >>> held = budget.reserve(Estimate(20_000, 4_096, Decimal("0.12")))
    >>> budget.settle(held, Usage(input=19_000, output=800, cost=Decimal("0.069")))
    >>> print(budget)
    Claude: 0.069 of 0.50 USD, 1 call, 19,000 tokens in, 800 out
    """

    def __init__(
        self,
        call: Decimal | None = None,
        run: Decimal | None = None,
        batch: Decimal | None = None,
        *,
        batch_budget: Path | None = None,
    ) -> None:
        self.call = call
        self.run = run
        self.batch = batch
        self.batch_budget = BatchBudget(batch_budget) if batch_budget is not None else None
        self.calls = 0
        self.cached = 0
        self.usage = Usage()
        self._reserved: dict[str, Decimal] = {}
        self._spent = Decimal(0)
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Limits, batch_budget: Path | None = None) -> Self:
        """Return the budget that settings give."""
        return cls(
            settings.budget_call,
            settings.budget_run,
            settings.budget_batch,
            batch_budget=batch_budget,
        )

    @property
    def spent(self) -> Decimal:
        """US dollars that this run has spent, with what is set aside."""
        return self._spent + sum(self._reserved.values(), Decimal(0))

    def reserve(self, estimate: Estimate) -> Reservation:
        """Set aside the most that a call may cost.

        Raises
        ------
        BudgetError
            If that is more than is left of a limit, or the model's prices are not known
            and there is a limit. Nothing was spent.
        """
        limits = (self.call, self.run, self.batch)
        if estimate.cost is None and any(limit is not None for limit in limits):
            raise BudgetError(
                "What this call would cost is not known: the model has no prices.",
                hint='Set input_price and output_price in [claude.models."ID"] of '
                "mirrorbi.toml, or remove the budget.",
            )
        reservation = Reservation(secrets.token_hex(8), estimate.cost or Decimal(0))
        with self._lock:
            _allow("call", estimate, Decimal(0), self.call)
            _allow("run", estimate, self.spent, self.run)
            if self.batch_budget is None:
                _allow("batch", estimate, self.spent, self.batch)
            else:
                with self.batch_budget.changed() as spending:
                    _allow("batch", estimate, spending.total, self.batch)
                    spending.reserved[reservation.id] = reservation.cost
            self._reserved[reservation.id] = reservation.cost
        return reservation

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return any(limit is not None for limit in (self.call, self.run, self.batch))

    def change(self, reservation: Reservation, estimate: Estimate) -> None:
        """Set aside another amount for the same call, as its tokens have been counted.

        Raises
        ------
        BudgetError
            If that is more than is left; what was set aside stays so.
        """
        difference = (estimate.cost or Decimal(0)) - self._reserved[reservation.id]
        with self._lock:
            _allow("call", estimate, Decimal(0), self.call)
            _allow("run", estimate, self.spent - self._reserved[reservation.id], self.run)
            if self.batch_budget is None:
                _allow("batch", estimate, self.spent - self._reserved[reservation.id], self.batch)
            else:
                with self.batch_budget.changed() as spending:
                    _allow(
                        "batch",
                        estimate,
                        spending.total - self._reserved[reservation.id],
                        self.batch,
                    )
                    spending.reserved[reservation.id] += difference
            self._reserved[reservation.id] += difference

    def settle(self, reservation: Reservation, usage: Usage | None) -> None:
        """Replace what was set aside by what was spent.

        Parameters
        ----------
        reservation
            What `reserve` returned.
        usage
            Tokens and cost; ``Usage()`` if no call was made or Bedrock refused it. ``None``
            if nobody knows: what was set aside stays counted.

        Raises
        ------
        ClaudeError
            If it was settled before.
        """
        with self._lock:
            if reservation.id not in self._reserved:
                raise ClaudeError("This call was settled before.", hint="Settle a call once.")
            cost = usage.cost if usage is not None else None
            cost = self._reserved[reservation.id] if cost is None else cost
            if self.batch_budget is not None:
                with self.batch_budget.changed() as spending:
                    spending.reserved.pop(reservation.id, None)
                    spending.spent += cost
            del self._reserved[reservation.id]
            self._spent += cost
            if usage is not None:
                self.usage += usage
            if usage != Usage():
                self.calls += 1

    def count_cached(self) -> None:
        """Count an answer that came from the cache of answers and cost nothing."""
        with self._lock:
            self.cached += 1

    def __str__(self) -> str:
        _, spent, limit = self._limits()[0]
        return f"Claude: {', '.join([_of(spent, limit), *self._counts()])}"

    def _repr_html_(self) -> str:
        bars = "".join(_bar(of, spent, limit) for of, spent, limit in self._limits())
        counts = " · ".join(self._counts())
        return (
            f'<div style="{_FONT};max-width:28em;padding:2px 0">{bars}'
            f'<div style="{_QUIET}">{counts}</div></div>'
        )

    def _limits(self) -> list[tuple[str, Decimal, Decimal | None]]:
        """Return name, spent and limit of the run, and of the batch where there is one."""
        limits = [("Run", self.spent, self.run)]
        if self.batch is not None or self.batch_budget is not None:
            spent = self.spent if self.batch_budget is None else self.batch_budget.read().total
            limits.append(("Batch", spent, self.batch))
        return limits

    def _counts(self) -> list[str]:
        used = self.usage
        read = used.input + used.cache_read + used.cache_write
        parts = [_number(self.calls, "call"), f"{read:,} tokens in", f"{used.output:,} out"]
        if used.cache_read:
            parts.append(f"{used.cache_read:,} from the prompt cache")
        if self.cached:
            parts.append(f"{_number(self.cached, 'answer')} kept from before")
        return parts


def _allow(of: str, estimate: Estimate, spent: Decimal, limit: Decimal | None) -> None:
    cost = estimate.cost or Decimal(0)
    if limit is None or spent + cost <= limit:
        return
    how = "counted" if estimate.counted else "estimated"
    so_far = f" and {dollars(spent)} of this {of} are spent" if of != "call" else ""
    raise BudgetError(
        f"This call may cost {dollars(cost)} ({estimate.input:,} tokens {how}, up to "
        f"{estimate.output:,} to write){so_far}; the budget of a {of} is {dollars(limit)}. "
        f"{'Claude was not called' if estimate.counted else 'Nothing was sent'}.",
        hint=f"Raise budget_{of} in [claude] of mirrorbi.toml "
        f"(MIRRORBI_CLAUDE_BUDGET_{of.upper()}), or ask for less.",
    )


def dollars(amount: Decimal) -> str:
    """Return an amount to the cent; a smaller one to its second digit.

    Examples
    --------
    >>> dollars(Decimal("1.5")), dollars(Decimal("0.000123")), dollars(Decimal("0.069"))
    ('1.50 USD', '0.00012 USD', '0.069 USD')
    """
    return f"{figure(amount)} USD"


def figure(amount: Decimal) -> str:
    """Return an amount of dollars without its unit, as `dollars` does."""
    if amount == 0 or amount >= 1:
        return f"{amount:,.2f}"
    return f"{amount:.{max(2, 1 - amount.adjusted())}f}"


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
    return dollars(spent) if limit is None else f"{figure(spent)} of {dollars(limit)}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"
