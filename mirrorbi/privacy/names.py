"""The names under which Claude sees metrics, dimensions and members, and the way back."""

from __future__ import annotations

import hmac
import random
import re
from collections.abc import Iterator

from mirrorbi.data.query import MISSING
from mirrorbi.errors import QueryError, did_you_mean
from mirrorbi.facts.tables import OTHER
from mirrorbi.privacy.untrusted_text import tidy, unfit
from mirrorbi.privacy.withheld import Withheld

KINDS_OF_DIMENSION = (
    *("region", "country", "state", "city", "market", "territory", "segment", "product"),
    *("category", "brand", "channel", "store", "shop", "site", "branch", "department", "team"),
    *("division", "function", "airline", "carrier", "airport", "origin", "destination", "route"),
    *("supplier", "vendor", "industry", "plan", "status", "currency", "language", "device"),
)
"""Words for a dimension whose name is hidden: they say what sort it is, in words of ours."""

OURS = (MISSING, OTHER)
"""Members that we name, not the data: they are shown in any case."""

_BLOCK = 60
_METRIC, _DIMENSION, _COLUMN = "metric", "dimension", "column"


class Names:
    """What each name is shown as, and which name it stands for.

    A name is shown tidied if it passes the rules of `mirrorbi.privacy.untrusted_text`, or
    else as an alias: ``metric.2``, ``dimension.1``, ``region.3``. The numbers are drawn at
    random from a seed, so that they say nothing of size or alphabet.

    Parameters
    ----------
    alias
        Whether every name gets an alias.
    seed
        Secret of the conversation: the same seed and order of names give the same aliases.
    hidden
        Names that are not shown whatever they look like: those of persons.

    Examples
    --------
    >>> names = Names(alias=False, seed=b"secret")
    >>> names.member("region", "North"), names.dimension("region")
    ('North', 'region')
    >>> shown = names.member("region", "jane.doe@example.com")
    >>> shown.startswith("region."), names.resolve(shown, of="region")
    (True, 'jane.doe@example.com')
    """

    def __init__(self, *, alias: bool, seed: bytes, hidden: frozenset[str] = frozenset()) -> None:
        self.alias = alias
        self.hidden = hidden
        self._seed = seed
        self._shown: dict[tuple[str, str], str] = {}
        self._real: dict[tuple[str, str], str] = {}
        self._aliases: set[str] = set()
        self.withheld: list[Withheld] = []

    # -- there -------------------------------------------------------------------------

    def metric(self, name: str) -> str:
        """Return what a metric is shown as."""
        return self._show(_METRIC, name, _METRIC)

    def dimension(self, name: str) -> str:
        """Return what a dimension is shown as."""
        previous = self._shown.get((_DIMENSION, name))
        if previous is None and self.alias:
            sort = self._sort_of(name)
            if sort != _DIMENSION and (_DIMENSION, sort) not in self._real:
                self._shown[_DIMENSION, name] = sort
                self._real[_DIMENSION, sort] = name
                self._aliases.add(sort)
                return sort
        return previous or self._show(_DIMENSION, name, _DIMENSION)

    def member(self, dimension: str, name: str) -> str:
        """Return what a member of a dimension is shown as."""
        return self._show(f"member of {dimension}", name, self.dimension(dimension))

    def column(self, name: str) -> str:
        """Return what a column is shown as: always an alias."""
        return self._show(_COLUMN, name, _COLUMN)

    def hide(self, dimension: str, name: str) -> str:
        """Return an alias of a member whose name may not be shown, whatever it is."""
        self.dimension(dimension)
        return self._show(f"member of {dimension}", name, self.dimension(dimension), force=True)

    # -- and back ----------------------------------------------------------------------

    def resolve(self, shown: str, of: str | None = None) -> str:
        """Return the name that a shown one stands for.

        Parameters
        ----------
        shown
            As Claude wrote it.
        of
            The dimension of a member, by either of its names.

        Raises
        ------
        QueryError
            If nothing was shown under that name: whether such a name exists is not said.
        """
        if of is not None:
            of = self._real.get((_DIMENSION, of), of)
            spaces = [f"member of {of}"]
        else:
            members = sorted({space for space, _ in self._real if space.startswith("member of ")})
            spaces = [_METRIC, _DIMENSION, *members]
        names = {self._real[space, shown] for space in spaces if (space, shown) in self._real}
        if len(names) == 1:
            return names.pop()
        if names:
            raise QueryError(
                f"{shown!r} is a name of several things.", hint="Say of which dimension."
            )
        choices = [name for space, name in self._real if space in spaces]
        raise QueryError(f"There is no {shown!r}.", hint=did_you_mean(shown, choices, noun="names"))

    def knows(self, shown: str) -> bool:
        """Return whether something was shown under that name."""
        return any(name == shown for _, name in self._real)

    def is_alias(self, shown: str) -> bool:
        """Return whether this stands for a name that is not shown."""
        return shown in self._aliases

    def copy(self) -> Names:
        """Return names that go on from here without changing these."""
        twin = Names(alias=self.alias, seed=self._seed, hidden=self.hidden)
        twin._shown, twin._real = dict(self._shown), dict(self._real)
        twin._aliases, twin.withheld = set(self._aliases), list(self.withheld)
        return twin

    # -- how ---------------------------------------------------------------------------

    def _show(self, space: str, name: str, prefix: str, *, force: bool = False) -> str:
        previous = self._shown.get((space, name))
        if previous is not None:
            return previous
        shown = None if force else self._passing(space, name)
        if shown is None:
            shown = self._alias(space, prefix)
            self._aliases.add(shown)
        self._shown[space, name] = shown
        self._real[space, shown] = name
        return shown

    def _passing(self, space: str, name: str) -> str | None:
        """Return the name tidied, if it may be shown."""
        if name in OURS and space.startswith("member of "):
            return name
        if self.alias or space == _COLUMN:
            return None
        why = "person" if name in self.hidden else unfit(name)
        if why is not None:
            self.withheld.append(Withheld("text", f"a name of {space} ({why}), shown as an alias"))
            return None
        shown = tidy(name)
        # Two spellings of one text, or a name that looks like an alias.
        is_taken = (space, shown) in self._real or re.search(r"\.\d+$", shown)
        return None if is_taken else shown

    def _alias(self, space: str, prefix: str) -> str:
        free = (f"{prefix}.{number}" for number in self._numbers(prefix))
        return next(alias for alias in free if alias not in self._aliases)

    def _numbers(self, prefix: str) -> Iterator[int]:
        """Yield every number once, in an order that only the seed tells."""
        key = hmac.digest(self._seed, prefix.encode(errors="surrogatepass"), "sha256")
        draw = random.Random(key)  # noqa: S311 (the key is secret and the draws are few)
        start = 1
        while True:
            block = list(range(start, start + _BLOCK))
            draw.shuffle(block)
            yield from block
            start += _BLOCK

    def _sort_of(self, name: str) -> str:
        words = re.split(r"[\W_]+", tidy(name).lower())
        sort = next((word for word in reversed(words) if word in KINDS_OF_DIMENSION), None)
        return sort or _DIMENSION
