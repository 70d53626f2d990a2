"""Frames of the AWS event stream: botocore can read them, nothing in it can write them.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html and
https://smithy.io/2.0/aws/amazon-eventstream.html: total length, length of the headers, CRC
of these two, headers, payload, CRC of everything before.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

_STRING = 7


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return one message with text headers."""
    head = b"".join(
        struct.pack("!B", len(name)) + name + struct.pack("!BH", _STRING, len(value)) + value
        for name, value in ((n.encode(), v.encode()) for n, v in headers.items())
    )
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    body = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return body + struct.pack("!I", zlib.crc32(body))


def event(kind: str, value: Any) -> bytes:
    """Return an event: ``contentBlockDelta``, ``messageStop`` ..."""
    headers = {
        ":event-type": kind,
        ":content-type": "application/json",
        ":message-type": "event",
    }
    return frame(headers, json.dumps(value).encode())


def exception(kind: str, message: str, **more: Any) -> bytes:
    """Return an exception that the service models: ``throttlingException`` ..."""
    headers = {
        ":exception-type": kind,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return frame(headers, json.dumps({"message": message, **more}).encode())


def error(code: str, message: str) -> bytes:
    """Return an error that the service does not model."""
    return frame({":error-code": code, ":error-message": message, ":message-type": "error"}, b"")
