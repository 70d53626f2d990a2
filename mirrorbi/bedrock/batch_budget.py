"""The budget of a batch: what its processes have spent together, in one small file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from mirrorbi.errors import BudgetError
from mirrorbi.privacy.ledger.lock import locked
from mirrorbi.storage.local import LocalStore

BATCH = "MIRRORBI_BATCH"
"""Variable of the environment that names the batch to which a process belongs."""


def batch_budget_beside(ledger: Path) -> Path | None:
    """Return the file of this process's batch, or ``None`` if it belongs to none.

    Parameters
    ----------
    ledger
        Folder of the ledger; the file lies beside it.

    Raises
    ------
    BudgetError
        If the batch's name cannot be that of a file.

    Examples
    --------
    >>> batch_budget_beside(Path(".mirrorbi/ledger")) is None
    True
    """
    name = os.environ.get(BATCH, "")
    if not name:
        return None
    if not re.fullmatch(r"[\w][\w.-]{0,99}", name):
        raise BudgetError(
            f"{BATCH}={name!r} cannot name a batch.",
            hint="Use letters, digits, dots, hyphens and underscores.",
        )
    return ledger.parent / "batches" / f"{name}.json"


@dataclass(slots=True)
class BatchSpending:
    """What the file says: US dollars spent, and set aside by calls under way."""

    spent: Decimal = Decimal(0)
    reserved: dict[str, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """Spent and set aside."""
        return self.spent + sum(self.reserved.values(), Decimal(0))


class BatchBudget:
    """A file that the processes of a batch change one at a time.

    Parameters
    ----------
    path
        Made when it is first changed.

    Examples
    --------
    >>> import tempfile
    >>> budget = BatchBudget(Path(tempfile.mkdtemp()) / "batch.json")
    >>> with budget.changed() as batch:
    ...     batch.spent += Decimal("0.07")
    >>> budget.read().total
    Decimal('0.07')
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    def read(self) -> BatchSpending:
        """Return what the file says; nothing spent if there is none.

        Raises
        ------
        BudgetError
            If it cannot be read, or holds something else.
        """
        try:
            parts = json.loads(self.path.read_text("utf-8"))
            reserved = {str(key): Decimal(value) for key, value in parts["held"].items()}
            return BatchSpending(Decimal(parts["spent"]), reserved)
        except FileNotFoundError:
            return BatchSpending()
        except (OSError, ValueError, InvalidOperation, KeyError, TypeError, AttributeError):
            raise BudgetError(
                f"What this batch has spent cannot be read from {str(self.path)!r}.",
                hint="Remove the file to count from nothing, or remove budget_batch.",
            ) from None

    @contextmanager
    def changed(self) -> Iterator[BatchSpending]:
        """Give what the file says, and keep the changes if the block ends well.

        Raises
        ------
        BudgetError
            If the file cannot be read.
        StoreError
            If it cannot be written.
        LedgerError
            If another process holds it.
        """
        self._make()
        with locked(self.path.with_name(f"{self.path.name}.lock")):
            spending = self.read()
            yield spending
            parts = {
                "spent": f"{spending.spent:f}",
                "held": {key: f"{cost:f}" for key, cost in spending.reserved.items()},
            }
            LocalStore(self.path.parent).write(self.path.name, json.dumps(parts).encode())

    def _make(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BudgetError(
                f"What this batch spends cannot be kept in {str(self.path)!r}: "
                f"{error.strerror or error}.",
                hint="Check the folder of the ledger, or remove budget_batch.",
            ) from error
