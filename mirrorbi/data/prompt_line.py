"""The prompt line: what an object says of itself at a prompt, in one line."""

from __future__ import annotations

LONGEST = 119
"""Characters of a line, its brackets among them."""


def prompt_line(text: str) -> str:
    r"""Return a text in angle brackets, cut to one line of characters that can be seen.

    Names come from data: control characters, line breaks and what turns the direction of
    writing would reach the terminal.

    Examples
    --------
    >>> prompt_line("Fact of 'a\nb'")
    "<Fact of 'a b'>"
    """
    line = "".join(c if c.isprintable() else " " for c in text[: LONGEST * 2])
    return f"<{line}>" if len(line) <= LONGEST - 2 else f"<{line[: LONGEST - 3]}…>"
