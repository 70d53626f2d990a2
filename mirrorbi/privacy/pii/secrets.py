"""Secrets by their form: keys, tokens, passwords beside a word that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(form))
    for name, form in (
        ("an AWS access key", r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
        (
            "an AWS secret key",
            r"(?i:aws|secret).{0,24}?(?i:key)[^\w\n]{1,6}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
        ),
        ("an Amazon Bedrock key", r"(?<!\w)ABSK[A-Za-z0-9+/=]{40,}"),
        ("a signed AWS address", r"X-Amz-Signature=[0-9a-f]{32,}"),
        ("an Anthropic key", r"(?<!\w)sk-ant-[\w-]{20,}"),
        ("an API key", r"(?<!\w)(?:sk-[A-Za-z0-9_-]{20,}|AIza[\w-]{35}|xox[abprs]-[\w-]{10,})"),
        ("a GitHub token", r"(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})"),
        ("a private key", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
        ("a signed token", r"(?<!\w)eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
        ("a password's hash", r"\$(?:2[aby]|argon2id?|5|6)\$[\w$=,./+-]{20,}"),
        ("credentials in an address", r"\b[a-z][a-z0-9+]{1,15}://[^/\s:@\"'<>]{1,80}:[^/\s:@\"'<>]{1,80}@"),
        (
            "a password",
            r"(?i)(?<![a-z])(?:password|passwd|pwd|passwort|api[_-]?key|secret|access[_-]?token)"
            r"[\"']?\s{0,3}[:=]\s{0,3}[\"']([^\s\"']{6,200})[\"']",
        ),
    )
)  # fmt: skip


def secrets(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield what each secret in a text is, and where.

    Examples
    --------
    >>> [(name, end - start) for name, start, end in secrets("key AKIA" + "EXAMPLE7" * 2)]
    [('an AWS access key', 20)]
    """
    for name, form in _FORMS:
        for match in form.finditer(text):
            group = 1 if form.groups else 0
            yield name, match.start(group), match.end(group)


def is_secret(value: str) -> bool:
    """Return whether a whole value is a secret by its form."""
    return any((start, end) == (0, len(value)) for _, start, end in secrets(value))
