"""Names and labels made from the names of columns."""

from __future__ import annotations

import re
import unicodedata

from mirrorbi.data.model.grammar import quoted
from mirrorbi.data.model.validation import RESERVED


def slug(text: str, default: str) -> str:
    """Return text as a name: lower case, letters, digits and ``_``, not a reserved word.

    Examples
    --------
    >>> slug("Straße / Nr.", "column"), slug("2019 sales", "column"), slug("売上", "column")
    ('strasse_nr', 'n2019_sales', '売上')
    >>> slug("൦", "column")
    '_൦'
    """
    # Decomposing can bring a capital forth, as of a letter-like symbol: fold on both sides.
    plain = unicodedata.normalize("NFKD", text.casefold()).casefold()
    plain = unicodedata.normalize("NFKD", plain)
    ascii_only = plain.encode("ascii", "ignore").decode()
    chosen = (
        ascii_only if re.search(r"[a-z0-9]", ascii_only) else unicodedata.normalize("NFC", plain)
    )
    name = re.sub(r"[\W_]+", "_", chosen).strip("_")
    if not name:
        return default
    if not name[0].isalpha():
        # One Latin letter in a name of another script would be all that is left of it above.
        name = f"{'n' if name.isascii() else '_'}{name}"
    name = name[:60].rstrip("_")
    return name if quoted(name) == name else f"{name}_column"


def label(column: str) -> str:
    """Return a column's name as people would write it.

    Examples
    --------
    >>> label("dep_delay"), label("NetAmountEUR")
    ('Dep delay', 'Net amount EUR')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column.replace("_", " "))
    shown = "".join(char if char.isprintable() else " " for char in spaced)
    parts = shown.split()
    parts = parts[:1] + [p.lower() if p[:1].isupper() and p[1:].islower() else p for p in parts[1:]]
    text = " ".join(parts)[:80].strip()
    return (text[:1].upper() + text[1:]) or "Column"


class Names:
    """Gives out names of metrics and dimensions, each only once.

    Examples
    --------
    >>> names = Names()
    >>> names.new("Net amount"), names.new("net_amount"), names.new("rows")
    ('net_amount', 'net_amount_2', 'rows_2')
    """

    def __init__(self) -> None:
        self._used = {*RESERVED}

    def new(self, column: str) -> str:
        """Return a name for a column that no other has."""
        base = slug(column, "column")
        name, n = base, 1
        while name in self._used:
            n += 1
            name = f"{base}_{n}"
        self._used.add(name)
        return name
