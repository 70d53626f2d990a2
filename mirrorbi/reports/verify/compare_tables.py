"""Compare the tables that a page shows with what the data gives now."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from mirrorbi.data.query import Query
from mirrorbi.reports.verify.compare_text import Figure

if TYPE_CHECKING:
    from mirrorbi.analysis import Analysis

_CELL = re.compile(r"<(?:t[hd]|p)\b[^>]*>(.*?)</(?:t[hd]|p)>", re.DOTALL)


def check_tables(
    html: str, request: Mapping[str, Any], dataset: Analysis, *, untouched: bool
) -> Iterator[Figure]:
    """Yield one figure for each place in which a page shows a table.

    Parameters
    ----------
    html
        The page.
    request
        What makes the table again; see `mirrorbi.analysis.table.ResultTable.request`.
    dataset
        The data, as it is now.
    untouched
        Whether the page is as it was written: what differs then differs in the data.

    Raises
    ------
    QueryError, RefusedError
        If the question cannot be asked of this data.
    """
    table = dataset.query(
        Query.from_dict(request["query"], dataset.calendar),
        control=request.get("control", False),
        locale=request["locale"],
    )
    table = replace(table, hidden=tuple(request.get("hidden", ())))
    name, computed = f"{table.title}, table", _cells(table.html)
    shown_tables = list(_tables_in(html, table.query.id))
    if not shown_tables:
        yield Figure(name, "edited", "", "the table is not in the page")
    for cells in shown_tables:
        if cells == computed:
            yield Figure(name, "same", f"{len(table):,} lines")
            continue
        was, now = next((a, b) for a, b in zip_longest(cells, computed, fillvalue="") if a != b)
        yield Figure(name, "changed" if untouched else "edited", was, now)


def _tables_in(html: str, query: str) -> Iterator[list[str]]:
    for part in html.split('<div class="mb-result" data-query="')[1:]:
        name, _, rest = part.partition('">')
        if name == query:
            end = re.search(r"</table></div>(<p [^>]*>.*?</p>)?</div>", rest, re.DOTALL)
            yield _cells(rest[: end.end()] if end else rest[:0])


def _cells(html: str) -> list[str]:
    return [markup.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in _CELL.findall(html)]
