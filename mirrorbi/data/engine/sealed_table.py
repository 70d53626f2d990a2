"""A sealed table: what is known of its columns comes out, what stands in its rows does not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from mirrorbi.data.engine.embedded import line
from mirrorbi.data.engine.profile import Profile, column_types, profile
from mirrorbi.data.engine.sample import LIMIT, sample_members, sample_values
from mirrorbi.errors import RefusedError

Judge = Callable[[Sequence[str]], Mapping[str, int]]
"""Looks at values of a column and says of how many of them each of its words is true."""

Verdict = dict[str, int]
"""The words of a judge, each with the number of values of which it is true."""


class SealedTable:
    """A table of which only aggregates are handed out.

    Who must look at values to say what a column holds is a judge: a function that is given a
    bounded sample and returns how many of the values each of its words is true of. The words
    are declared before it sees any value. Anything else that it returns is refused, and so is
    an error that it raises: neither a value nor a text that holds one comes back to who asked.
    A judge is a function all the same, and one that keeps what it is given, in a closure or a
    file, has it: this guards against values that slip out, not against who wrote the judge.

    Parameters
    ----------
    table
        An ibis table.
    profile
        Its profile, where it was made already, or what waits for it where that has begun.

    Examples
    --------
    >>> import ibis
    >>> from mirrorbi.data.engine.embedded import connect
    >>> data = ibis.memtable({"city": ["Rome", "Oslo", "Rome", None]})
    >>> table = SealedTable(connect().create_table("t", data, temp=True))
    >>> table.rows, table.column_types["city"], table.profile().columns["city"].nulls
    (4, 'string', 1)
    >>> table.judge_column("city", lambda values: {"capital": len(values)}, {"capital"})
    {'capital': 2}
    """

    def __init__(self, table: Any, profile: Profile | Callable[[], Profile] | None = None) -> None:
        self._table = table
        self._profile = profile

    @cached_property
    def rows(self) -> int:
        """Number of rows."""
        return int(line(self._table.aggregate(rows=self._table.count()))["rows"])

    @cached_property
    def column_types(self) -> Mapping[str, str]:
        """The type of each column, as text: ``int64``, ``string``, ``date`` ..."""
        return column_types(self._table)

    def profile(self) -> Profile:
        """Return what each column holds, read once."""
        if self._profile is None:
            self._profile = profile(self._table)
        elif not isinstance(self._profile, Profile):
            self._profile = self._profile()
        return self._profile

    def judge_column(self, name: str, judge: Judge, words: Collection[str]) -> Verdict:
        """Return a judge's verdict on different values of one column; see `judge_columns`."""
        return self.judge_columns({name: judge}, words)[name]

    def judge_columns(
        self,
        judges: Mapping[str, Judge],
        words: Collection[str],
        *,
        distinct: Mapping[str, int] | None = None,
        sample: int = LIMIT,
    ) -> dict[str, Verdict]:
        """Return the verdicts of judges on columns, of which the values are read together.

        Parameters
        ----------
        judges
            Who judges a column, by its name. A judge is given no more than ``sample``
            different values as text, the same ones each time.
        words
            All that a verdict may say: of which words the judges say how many values they
            are true of.
        distinct
            About how many different values each column has, where that is known.
        sample
            Most values of one column.

        Raises
        ------
        RefusedError
            If a judge returns anything but words declared, each with a whole number of
            values, no more than it was given.
        """
        if not judges:
            return {}
        declared = plain_words(words)
        if distinct is None:
            values = sample_members(self._table, self.rows, list(judges), limit=sample)
        else:
            known = {name: distinct[name] for name in judges}
            values = sample_values(self._table, known, limit=sample)
        return {
            name: verdict(name, judge, values[name], declared) for name, judge in judges.items()
        }


def plain_words(words: Collection[str]) -> frozenset[str]:
    """Return the words of a verdict, read once: what is added to them later does not count.

    Raises
    ------
    RefusedError
        If one is not plain text.

    Examples
    --------
    >>> sorted(plain_words(["short", "long"]))
    ['long', 'short']
    """
    listed = list(words)
    if not all(type(word) is str for word in listed):
        raise RefusedError(
            "The words of a verdict are not all plain text.",
            hint="Declare each word as a str, of no class of your own.",
        )
    return frozenset(listed)


def verdict(name: str, judge: Judge, values: Sequence[str], words: Collection[str]) -> Verdict:
    """Return what a judge says of values, if that is a verdict.

    Raises
    ------
    RefusedError
        If it is not, or the judge fails. The message says nothing of what was returned or
        raised.

    Examples
    --------
    >>> verdict("city", lambda values: {"capital": 1}, ["Rome", "Pisa"], {"capital"})
    {'capital': 1}
    """
    declared, most = plain_words(words), len(values)
    read: dict[Any, Any] | None = None
    failed = False
    # The error is gone when the refusal is raised: as its context it would go along.
    try:
        returned: Any = judge(values)
        if isinstance(returned, Mapping):
            read = dict(returned.items())
    except Exception:  # noqa: BLE001 (whatever it is, its text may hold a value)
        failed = True
    if failed:
        raise RefusedError(
            f"The judge of the column {name!r} failed; what it said may hold values of the column.",
            hint="Try the judge on values of your own, and let it raise no error.",
        )
    # Types as such: a text or number of a class of one's own may carry what it likes.
    if read is None or not all(
        type(word) is str and word in declared and type(count) is int and 0 <= count <= most
        for word, count in read.items()
    ):
        raise RefusedError(
            f"The judge of the column {name!r} returned more than a verdict.",
            hint="Let it return how many of the values each word is true of, and declare the "
            "words.",
        )
    return read
