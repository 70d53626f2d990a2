"""Answers kept: the same payload to the same model need not be paid for twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mirrorbi.bedrock.request import Instruction, Reply, Request, ToolResult
from mirrorbi.privacy.disclosure import canonical

DAYS = 30
"""How long an answer is kept."""
LIMIT = 256_000_000
"""Bytes that all answers together may take; the longest unused go first."""
_CACHEABLE = ("end_turn", "tool_use")
_SWEEP = 50

logger = logging.getLogger(__name__)


class AnswerCache:
    """A folder of answers, found by the hash of everything that was asked.

    Kept is what Claude wrote and nothing else: its words, the names disclosed to it, and what
    it asked of tools; no payload. Under a policy whose ``retention`` is ``hash`` a client
    uses none. An answer is used only for exactly the same
    request: model, instructions, tools, disclosures, policy and the conversation before.
    One that was changed on the disk is removed, not used. A cache that cannot be read or
    written is no reason to fail: the call is made.

    Parameters
    ----------
    folder
        Made when it is first written to, for this user alone.
    days
        How long an answer is kept.
    limit
        Bytes that all answers together may take.

    Examples
    --------
    >>> import tempfile
    >>> cache = AnswerCache(tempfile.mkdtemp())
    >>> cache.get("0" * 64) is None
    True
    """

    def __init__(self, folder: str | Path, *, days: float = DAYS, limit: int = LIMIT) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.days = days
        self.limit = limit
        self._puts = 0

    def get(self, key: str) -> Reply | None:
        """Return the answer to a request, or ``None`` if there is none that can be used.

        Parameters
        ----------
        key
            From `key_of`.
        """
        path = self._path(key)
        try:
            line = path.read_bytes()
            if path.stat().st_mtime < time.time() - self.days * 86_400:
                path.unlink()
                return None
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("An answer could not be read from the cache: %s.", error.strerror)
            return None
        entry = _parsed(line, key)
        if entry is None:
            logger.warning("An answer in the cache was changed; it is removed and asked again.")
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return Reply(
            content=tuple(entry["content"]),
            stop=entry["stop"],
            model=entry["model"],
            region=entry["region"],
            cached=True,
        )

    def put(self, key: str, reply: Reply) -> None:
        """Keep an answer, if it is whole and text: not one that was cut or filtered."""
        if reply.stop not in _CACHEABLE or reply.cached or _plain(reply.content) != reply.content:
            return
        body = {
            "key": key,
            "content": list(reply.content),
            "stop": reply.stop,
            "model": reply.model,
            "region": reply.region,
        }
        path = self._path(key)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.folder.stat().st_mode & 0o077:
                self.folder.chmod(0o700)
            file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as out:
                out.write(canonical({**body, "hash": _hash(body)}))
            part.replace(path)
        except OSError as error:
            logger.warning("An answer could not be kept in the cache: %s.", error.strerror)
            with contextlib.suppress(OSError):
                part.unlink()
            return
        if self._puts % _SWEEP == 0:
            self.sweep()
        self._puts += 1

    def sweep(self) -> None:
        """Remove what is too old, and the longest kept of what is too much."""
        cutoff = time.time() - self.days * 86_400
        total = 0
        for stat, path in sorted(self._files(), key=lambda pair: -pair[0].st_mtime):
            total += stat.st_size
            if stat.st_mtime < cutoff or total > self.limit:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _files(self) -> Iterator[tuple[os.stat_result, Path]]:
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                with contextlib.suppress(OSError):  # another process removed it
                    yield path.stat(), path

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def key_of(request: Request, model: str, policy: str, more: Mapping[str, Any] | None = None) -> str:
    """Return the hash of everything that an answer depends on.

    Parameters
    ----------
    request
        What is asked.
    model
        Id of the model or profile.
    policy
        SHA-256 of the policy.
    more
        What else changes the answer: a guardrail.
    """
    turns: list[Any] = []
    for turn in request.turns:
        if isinstance(turn, Reply):
            turns.append({"reply": _plain(list(turn.content))})
            continue
        turns.append([_part(part) for part in turn])
    return _hash(
        {
            "version": 1,
            "model": model,
            "policy": policy,
            "more": dict(more or {}),
            "system": [part.text for part in request.system],
            "tools": [tool.definition() for tool in request.tools],
            "tool": request.tool,
            "schema": request.schema.text if request.schema else None,
            "max_tokens": request.max_tokens,
            "turns": turns,
        }
    )


def _part(part: Any) -> list[Any]:
    if isinstance(part, Instruction):
        return ["instruction", part.text]
    if isinstance(part, ToolResult):
        return ["result", part.id, part.failed, part.disclosure.sha256]
    return [part.kind, part.sha256]


def _plain(value: Any) -> Any:
    """Return a value as JSON can say it: the API gives hidden reasoning as bytes."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return type(value)(map(_plain, value)) if isinstance(value, (list, tuple)) else value


def _parsed(line: bytes, key: str) -> dict[str, Any] | None:
    """Return what a file holds, if it is what was kept under that key."""
    try:
        entry = json.loads(line)
        digest = entry.pop("hash")
        is_valid = digest == _hash(entry) and entry["key"] == key and entry["stop"] in _CACHEABLE
        is_valid = is_valid and all(isinstance(block, dict) for block in entry["content"])
        return entry if is_valid and {"model", "region"} <= entry.keys() else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()
