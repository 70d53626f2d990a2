"""What a notebook shows of its own: looked through before it comes into a report.

Our own displays are released under the policy before they are shown. A table, figure or
text that the notebook made by itself is not, so it is searched for what has a form:
personal data, rows, counts of few (`mirrorbi.privacy.exposure`). A person who has judged an
output to be fit for its readers says so with a tag on its cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mirrorbi.privacy.exposure.exposure import Exposure
from mirrorbi.privacy.exposure.figure import figure_exposes
from mirrorbi.privacy.exposure.page import page_exposes
from mirrorbi.privacy.exposure.plain_text import texts_expose

REVIEWED = "reviewed"
"""The tag of a cell whose outputs a person has judged to be fit for the readers."""

_REFUSED = ("personal_data", "row_values", "small_counts")


@dataclass(frozen=True, slots=True)
class OtherOutput:
    """One output of the notebook's own.

    Parameters
    ----------
    where
        The cell: ``"cell 5 ('Drivers')"``.
    content
        A figure as plain values, or HTML or plain text.
    kind
        ``figure``, ``html``, ``text`` or ``image``.
    reviewed
        Whether the cell is tagged `REVIEWED`.
    """

    where: str
    content: Any
    kind: str
    reviewed: bool = False

    def faults(self) -> Iterator[str]:
        """Yield what must not be published, and what to do; nothing for a reviewed output."""
        if self.reviewed:
            return
        for exposure in dict.fromkeys(self._exposures()):
            if exposure.what in _REFUSED:
                shown = f" ({', '.join(exposure.examples)})" if exposure.examples else ""
                yield (
                    f"{self.where} shows {exposure.detail}{shown}: leave it out, or tag the cell "
                    f"{REVIEWED!r} if a person has judged that its readers may see it"
                )

    def _exposures(self) -> Iterator[Exposure]:
        if self.kind == "figure" and isinstance(self.content, Mapping):
            yield from figure_exposes(self.content, self.where)
        elif self.kind == "html":
            yield from page_exposes(str(self.content), self.where)
        elif self.kind == "text":
            yield from texts_expose([str(self.content)], self.where)
