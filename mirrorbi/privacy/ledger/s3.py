"""The ledger in a bucket: one object for each entry, which is written once."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

from mirrorbi.errors import LedgerError, SettingsError
from mirrorbi.privacy.ledger.chain import START, Link, flaw, link_of, seal
from mirrorbi.privacy.ledger.entry import Intent, Outcome, close_entry, open_entry, start_entry
from mirrorbi.privacy.ledger.head import Head, head_of

if TYPE_CHECKING:
    import boto3

HEAD = "head.json"
_TURNS = 400
_MOVES = 30
_STEP = 0.03
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_NONE = ("NoSuchKey", "404")
_READERS = 8


class S3Ledger:
    """A ledger in an S3 bucket.

    The key of an entry is its number, and it is written only if there is none of that
    number (``If-None-Match: *``): of two writers one takes the number, the other the next.
    The head is a further object that only moves forward (``If-Match``). Give the bucket
    versioning and Object Lock, and nobody can take an entry out again.

    The role needs ``s3:PutObject`` and ``s3:GetObject`` on the prefix and ``s3:ListBucket``
    on the bucket; with a key of KMS also ``kms:GenerateDataKey`` and ``kms:Decrypt``.

    Parameters
    ----------
    url
        ``s3://bucket/prefix``.
    session
        A boto3 session; by default boto3's own choice.
    kms_key
        Id, ARN or alias of the KMS key with which entries are encrypted (SSE-KMS); by
        default the bucket's own encryption.

    Raises
    ------
    SettingsError
        If the URL names no bucket.
    """

    def __init__(
        self, url: str, session: boto3.Session | None = None, *, kms_key: str | None = None
    ) -> None:
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not url.startswith("s3://") or not bucket:
            raise SettingsError(
                f"ledger = {url!r} names no bucket.", hint="Write it as s3://bucket/prefix."
            )
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self.kms_key = kms_key
        self._session = session
        self._clients: dict[int, Any] = {}
        self._last: Link | None = None
        self._tag = ""
        self._open: set[str] = set()
        self._stored: set[str] = set()

    def __repr__(self) -> str:
        return f"S3Ledger({self.place!r})"

    @property
    def place(self) -> str:
        """Where it is, as a person writes it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def open(self, intent: Intent) -> str:
        """Write that a call is about to be made; return the entry's id once that is durable.

        Raises
        ------
        LedgerError
            If it could not be written, or the ledger is damaged. The call must not be made.
        """
        content = open_entry(intent, self._stored)
        entry = self._append(content, "The call was not made").id
        self._stored.update(part["sha256"] for part in content["disclosures"] if "body" in part)
        self._open.add(entry)
        return entry

    def close(self, entry: str, outcome: Outcome) -> None:
        """Write what came of the call.

        Raises
        ------
        LedgerError
            If it could not be written, or there is no such open call of this object.
        """
        if entry not in self._open:
            raise LedgerError(
                f"There is no open call {entry!r} in the ledger at {self.place!r}.",
                hint="Close what open() returned, once.",
            )
        content = close_entry(int(entry.partition("-")[0]), outcome)
        self._append(content, f"What came of call {entry} is not in the ledger")
        self._open.discard(entry)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield what each entry says, in order; the chain is not checked.

        Raises
        ------
        LedgerError
            If the objects cannot be read, or one is no entry.
        """
        for number, line in enumerate(self.lines(), 1):
            try:
                yield json.loads(line)
            except ValueError:
                raise LedgerError(
                    f"Object {number} of the ledger at {self.place!r} is no entry.",
                    hint="Run 'mirrorbi ledger verify' to see what else was changed.",
                ) from None

    def lines(self) -> Iterator[bytes]:
        """Yield the entries as they stand in the bucket, in the order of their keys.

        Raises
        ------
        LedgerError
            If they cannot be read.
        """
        with _Reraised(self, "The ledger cannot be read"), ThreadPoolExecutor(_READERS) as readers:
            yield from readers.map(self._get, self._keys(START))

    def head(self) -> Head | None:
        """Return where the ledger ended when it was last written, or ``None`` without one.

        Raises
        ------
        LedgerError
            If it cannot be read, or is no head.
        """
        with _Reraised(self, "The head of the ledger cannot be read"):
            return self._head()

    def _append(self, content: Mapping[str, Any], without: str) -> Link:
        with _Reraised(self, without):
            for turn in range(_TURNS):
                last = self._last or self._find()
                line, link = seal(start_entry() if last == START else content, last)
                if not self._put(link.seq, line):
                    # Out of step with another that writes without a pause.
                    time.sleep(random.uniform(0, _STEP) if turn else 0)  # noqa: S311
                    if not self._follow(last, line, first=not turn):
                        continue
                self._last = link
                self._anchor(link)
                if last != START:
                    return link
        raise LedgerError(
            f"{without}: others wrote to the ledger at {self.place!r} {_TURNS} times meanwhile.",
            hint="Give each group of runs a prefix of its own: ledger = s3://bucket/prefix.",
        )

    def _put(self, seq: int, line: bytes) -> bool:
        """Write an entry if its number is free; return whether it was."""
        try:
            self._write(self._key(seq), line, IfNoneMatch="*")
        except self._error as error:
            if _code(error) not in _TAKEN:
                raise
            return False
        return True

    def _find(self) -> Link:
        """Return the last entry: that of the head, and what was written since."""
        head = self._head()
        if head is None:
            self._follow(START)
            # Asked again: another may have begun the ledger between the two looks.
            if self._last is not None and self._last.seq > 1 and self._head() is None:
                self._damaged(f"its head, {HEAD}, was removed")
            return self._last or START
        line = self._read(self._key(head.link.seq))[0]
        if line is None:
            self._damaged(f"entry {head.link.id} is not there")
        wrong = flaw(line) or ("is another one" if link_of(line) != head.link else "")
        if wrong:
            self._damaged(f"entry {head.link.id} {wrong}")
        self._last = head.link
        self._follow(head.link)
        return self._last

    def _follow(self, last: Link, mine: bytes = b"", *, first: bool = True) -> bool:
        """Read what was written since, and go on from there.

        Returns whether the next entry is ours: where the answer to the first try is lost,
        boto3's second try meets what the first has written.
        """
        # After the first time, the one that was met and at once another try: who lists them
        # all is always late where another writes without a pause.
        for key in self._keys(last) if first else [self._key(last.seq + 1)]:
            line = self._read(key)[0]
            if line is None:  # 409: the other is not done yet, and may fail
                return False
            if line == mine:
                return True
            if wrong := flaw(line, last):
                self._damaged(f"the object {key} {wrong}")
            last = link_of(line)
            self._last = last
        return False

    def _anchor(self, link: Link) -> None:
        """Move the head forward, unless another writer has moved it further."""
        body = Head(link).line()
        for turn in range(_MOVES):
            # 409: another is moving it at this moment, and may fail.
            time.sleep(random.uniform(0, _STEP) if turn > 1 else 0)  # noqa: S311
            condition = {"IfMatch": self._tag} if self._tag else {"IfNoneMatch": "*"}
            try:
                self._tag = self._write(self._name(HEAD), body, **condition)
            except self._error as error:
                if _code(error) not in (*_TAKEN, *_NONE) or turn == _MOVES - 1:
                    raise
                head = self._head()
                if head is not None and head.link.seq >= link.seq:
                    return
            else:
                return

    def _head(self) -> Head | None:
        text, self._tag = self._read(self._name(HEAD))
        if text is None:
            return None
        head = head_of(text)
        if head is None:
            self._damaged(f"its head, {HEAD}, was changed")
        return head

    def _keys(self, after: Link) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self._name(""), StartAfter=self._key(after.seq)
        )
        for page in pages:
            for part in page.get("Contents", ()):
                if part["Key"] != self._name(HEAD):
                    yield part["Key"]

    def _get(self, key: str) -> bytes:
        return bytes(self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def _read(self, key: str) -> tuple[bytes | None, str]:
        try:
            response = self._client.get_object(Bucket=self.bucket, Key=key)
        except self._error as error:
            if _code(error) in _NONE:
                return None, ""
            raise
        return response["Body"].read(), response["ETag"]

    def _write(self, key: str, body: bytes, **condition: str) -> str:
        if self.kms_key:
            condition |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key}
        response = self._client.put_object(
            Bucket=self.bucket, Key=key, Body=body, ContentType="application/json", **condition
        )
        return str(response["ETag"])

    def _key(self, seq: int) -> str:
        return self._name(f"{seq:012d}.json")

    def _name(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    @property
    def _client(self) -> Any:
        # A forked process must not speak through the connections of its parent.
        pid = os.getpid()
        if pid not in self._clients:
            import boto3
            from botocore.config import Config

            config = Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "total_max_attempts": 4},
                max_pool_connections=_READERS + 2,
            )
            session = self._session or boto3.Session()
            self._clients = {pid: session.client("s3", config=config)}
        return self._clients[pid]

    @property
    def _error(self) -> type[Exception]:
        from botocore.exceptions import ClientError

        return ClientError  # type: ignore[no-any-return]

    def _damaged(self, why: str) -> NoReturn:
        raise LedgerError(
            f"The ledger at {self.place!r} was changed: {why}. Nothing is added to it.",
            hint="Run 'mirrorbi ledger verify'; keep the bucket as it is for whoever audits "
            "it, and set another prefix:  ledger = ... in mirrorbi.toml.",
        )


class _Reraised:
    """Say what boto3 raises as a `LedgerError` that tells what to do."""

    def __init__(self, ledger: S3Ledger, without: str) -> None:
        self.ledger = ledger
        self.without = without

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if not isinstance(error, (BotoCoreError, ClientError)):
            return
        hint = "Check the network and the AWS credentials, or set a folder: ledger = ..."
        if isinstance(error, ClientError):
            hint = _HINTS.get(_code(error), hint)
        raise LedgerError(
            f"{self.without}: the ledger at {self.ledger.place!r} failed: {error}.", hint=hint
        ) from error


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


_HINTS = {
    "AccessDenied": "The role needs s3:PutObject and s3:GetObject on the prefix, s3:ListBucket "
    "on the bucket, and with a KMS key kms:GenerateDataKey and kms:Decrypt.",
    "NoSuchBucket": "Make the bucket, or correct the ledger in mirrorbi.toml.",
    "ConditionalRequestConflict": "The object is written by another process without a pause. Try "
    "again, or give each group of runs a prefix of its own: ledger = s3://bucket/prefix.",
    "NotImplemented": "This store has no conditional writes, which keep two writers apart: use "
    "Amazon S3, or a folder.",
}
