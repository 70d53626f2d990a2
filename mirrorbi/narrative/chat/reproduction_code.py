"""The code that repeats an answer: runnable Python without Claude."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pprint import pformat
from typing import TYPE_CHECKING, Any

from mirrorbi.facts.derive import parents_of

if TYPE_CHECKING:
    from mirrorbi.narrative.context import Context

_DEFAULTS = (("compare", "previous"),)
_WIDE = 90


def code_of(context: Context, cited: Sequence[str]) -> str:
    """Return Python that finds the cited facts again and prints each in one line.

    Parameters
    ----------
    context
        The facts, and the sweeps that find them.
    cited
        Ids of the facts that the answer rests on.
    """
    derived = [context.facts[key] for key in cited if context.facts[key].kind == "derived"]
    requests: list[Mapping[str, Any]] = [sweep["request"] for sweep in context.sweeps]
    lines = ["import mirrorbi", *(["from mirrorbi.facts.derive import derive"] if derived else [])]
    lines += ["", f"ds = {_open_call(context)}", "facts = {}"]
    for request in requests:
        arguments = ",\n    ".join(
            f"{key}={_literal(value)}"
            for key, value in request.items()
            if key != "seed" and value not in (None, {}) and (key, value) not in _DEFAULTS
        )
        lines += [
            f"for fact in ds.facts(\n    {arguments},\n):",
            "    facts.setdefault(fact.id, fact)",
        ]
    for fact in derived:
        parents, names = parents_of(fact)
        parent_facts = ", ".join(f"facts[{parent!r}]" for parent in parents)
        lines.append(
            f"facts[{fact.id!r}] = derive(\n    {fact.terms['op']!r}, [{parent_facts}],\n"
            f"    of={names!r}, metrics=ds.metric,\n)"
        )
    lines += [
        f"for key in {_literal(list(cited))}:",
        "    fact = facts[key]",
        "    print(fact.kind, fact.label, fact.scope, fact.period, fact[fact.estimate].value)",
    ]
    return "\n".join(lines) + "\n"


def _open_call(context: Context) -> str:
    dataset: Mapping[str, Any] = context.sweeps[0]["dataset"] if context.sweeps else {}
    if dataset.get("kind") in ("frame", "ibis", None):
        return "mirrorbi.open(data)  # the table that was asked about, with its model"
    return f"mirrorbi.open({dataset['source']!r})"


def _literal(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _WIDE else pformat(value, width=_WIDE).replace("\n", "\n    ")
