"""The preview: what would be sent, as a person reads it and as bytes."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from mirrorbi.privacy.withheld import WHY, Withheld
from mirrorbi.wording.printable_text import clean, escape

BYTES_PER_TOKEN = 3.5
"""Of English text and JSON, as a rule of thumb; Bedrock's CountTokens is exact."""

_HEADS = ("Fact", "Kind", "Metric", "Of", "Period", "Figures")


class Preview:
    """What a disclosure sends, for a person to look at.

    `str` of it is for a terminal; a notebook shows it as a table.

    Parameters
    ----------
    kind
        ``facts``, ``vocabulary``, ``question`` or ``notice``.
    body
        The exact bytes that are sent.
    policy
        SHA-256 of the policy.
    withheld
        What was kept back: shown here, never sent.
    """

    def __init__(
        self, kind: str, body: bytes, policy: str, withheld: Iterable[Withheld] = ()
    ) -> None:
        self.kind = kind
        self.body = body
        self.policy = policy
        self.withheld = tuple(withheld)

    @property
    def size(self) -> int:
        """Bytes that are sent."""
        return len(self.body)

    @property
    def tokens(self) -> int:
        """Tokens that this is about, at `BYTES_PER_TOKEN`."""
        return math.ceil(self.size / BYTES_PER_TOKEN)

    @property
    def sha256(self) -> str:
        """Hash of the bytes, as the ledger has it."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def value(self) -> Any:
        """What is sent, parsed."""
        return json.loads(self.body)

    @property
    def lines(self) -> list[tuple[str, ...]]:
        """Facts as lines of text: handle, kind, metric, scope, period, figures."""
        return [_line(fact) for fact in self.value["facts"]] if self.kind == "facts" else []

    def withheld_by_rule(self) -> list[tuple[str, int, str]]:
        """Return rule, cells and meaning of what was kept back, most cells first."""
        counts: Counter[str] = Counter()
        for part in self.withheld:
            counts[part.rule] += max(part.cells, 1)
        return [(rule, n, WHY.get(rule, "")) for rule, n in counts.most_common()]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, ready for JSON."""
        return {
            "kind": self.kind,
            "payload": self.value,
            "bytes": self.size,
            "tokens": self.tokens,
            "sha256": self.sha256,
            "policy": self.policy,
            "withheld": [
                {"rule": part.rule, "what": part.what, "cells": part.cells}
                for part in self.withheld
            ],
        }

    def payload_text(self) -> str:
        """Return what is sent as lines of text."""
        if self.kind == "facts":
            return "\n".join(" | ".join(line) for line in self.lines)
        if self.kind == "vocabulary":
            return "\n".join(f"{key}: {text}" for key, text in _words(self.value))
        if self.kind == "question":
            return str(self.value["question"])
        return json.dumps(self.value, ensure_ascii=False)

    def __str__(self) -> str:
        return "\n".join([self.payload_text(), "", *self.summary()])

    def summary(self) -> list[str]:
        """Return size, hash and what was kept back, a line each."""
        lines = [
            f"{self.size:,} bytes, about {self.tokens:,} tokens",
            f"SHA-256 {self.sha256}",
        ]
        by_rule = self.withheld_by_rule()
        lines += [f"Held back: {n:,} by {rule} ({why})" for rule, n, why in by_rule]
        return lines if by_rule else [*lines, "Held back: nothing"]

    def _repr_html_(self) -> str:
        title = {"facts": "What Claude will see", "vocabulary": "What Claude may ask for"}
        head = title.get(self.kind, f"What Claude will read: the {self.kind}")
        if self.kind == "facts":
            shown = _table(_HEADS, self.lines)
        elif self.kind == "vocabulary":
            shown = _table(("What", "Names"), _words(self.value))
        else:
            shown = f'<p dir="auto">{escape(self.payload_text())}</p>'
        lines = "".join(f"<li>{escape(line)}</li>" for line in self.summary())
        withheld_table = _table(
            ("Rule", "Cells", "What stays here"),
            [(part.rule, f"{part.cells:,}", clean(part.what)) for part in self.withheld],
        )
        more = f"<details><summary>What was held back</summary>{withheld_table}</details>"
        raw = escape(self.body.decode())
        return (
            f'<div class="mb-preview tex2jax_ignore mathjax_ignore">{_STYLE}'
            f"<p class=mb-preview-head>{head}</p>{shown}<ul>{lines}</ul>"
            f"{more if self.withheld else ''}"
            f"<details><summary>The exact bytes</summary><pre>{raw}</pre></details></div>"
        )


def _line(fact: dict[str, Any]) -> tuple[str, ...]:
    scope = ", ".join(member for _, member in fact.get("scope", ()))
    baseline = f" against {fact['baseline']}" if "baseline" in fact else ""
    figures = ", ".join(f"{name} {q['shown']}" for name, q in fact.get("quantities", {}).items())
    parts = (fact["name"], fact["kind"], fact["metric"], scope or "all")
    times = f"{fact.get('period', '')}{baseline}"
    return (*(clean(part) for part in parts), clean(times) if times else "", figures)


def _words(value: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key, ", ".join(clean(part["name"]) for part in parts)) for key, parts in value.items()]


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th scope=col>{escape(head)}</th>" for head in heads)
    rows = "".join(
        "<tr>" + "".join(f'<td dir="auto">{escape(cell)}</td>' for cell in line) + "</tr>"
        for line in lines
    )
    return (
        f"<div class=mb-preview-scroll tabindex=0><table><thead><tr>{top}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


_STYLE = """<style>
.mb-preview{font-family:system-ui,sans-serif;line-height:1.45;max-width:1080px}
.mb-preview .mb-preview-head{font-weight:650;font-size:1.15em;margin:.4em 0}
.mb-preview .mb-preview-scroll{max-height:26em;overflow:auto}
.mb-preview table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0}
.mb-preview th,.mb-preview td{text-align:start;padding:.25em 1.2em .25em 0;
vertical-align:top;background:none;border:0;border-bottom:1px solid rgba(128,128,128,.25)}
.mb-preview thead th{position:sticky;top:0;background:var(--jp-layout-color0,Canvas);
font-weight:600;opacity:1}
.mb-preview ul{list-style:none;padding:0;margin:.8em 0;opacity:.8}
.mb-preview pre{white-space:pre-wrap;overflow-wrap:anywhere;max-height:20em;overflow:auto;
font-size:.85em}
.mb-preview summary{cursor:pointer}
</style>"""
