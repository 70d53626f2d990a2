"""Two writers at the very same moment: S3 answers 409, and says to try again.

Amazon S3 documents for a conditional PUT: 412 (PreconditionFailed) where the key is taken,
and 409 (ConditionalRequestConflict) where another request for it is still under way, after
which the upload is to be tried again. No stand-in for S3 answers 409, so this server does:
real HTTP on this machine, spoken to by the real boto3.
"""

import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from mirrorbi.errors import LedgerError
from mirrorbi.privacy.ledger import Intent, Outcome, S3Ledger, calls_of, verify_ledger
from mirrorbi.privacy.policy import Policy

ERRORS = {
    404: ("NoSuchKey", "The specified key does not exist."),
    409: (
        "ConditionalRequestConflict",
        "The conditional request cannot succeed due to a conflicting operation against this "
        "resource.",
    ),
    412: (
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
    ),
}


class Bucket:
    """One bucket over HTTP: conditional PUT, GET, and a list, with conflicts by script."""

    def __init__(self):
        self.objects = {}
        self.answers = {}
        """By the end of a key: what the next PUTs get. A function is called, then 409."""
        self.puts = []
        self.lock = threading.Lock()
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if "aws-chunked" in self.headers.get("Content-Encoding", ""):
                    size, _, rest = body.partition(b"\r\n")
                    body = rest[: int(size.partition(b";")[0], 16)]
                key = self.key()
                self.answer(*bucket.put(key, body, self.headers))

            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query)
                if "list-type" in query:
                    self.answer(200, bucket.listed(query))
                    return
                found = bucket.objects.get(self.key())
                self.answer(404 if found is None else 200, found)

            def key(self):
                return unquote(urlsplit(self.path).path).split("/", 2)[2]

            def answer(self, status, body=b""):
                sent = body or b""
                self.send_response(status)
                if status in ERRORS:
                    code, words = ERRORS[status]
                    sent = f"<Error><Code>{code}</Code><Message>{words}</Message></Error>".encode()
                else:
                    self.send_header("ETag", tag(sent))
                if self.command == "PUT" and status == 200:
                    sent = b""
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def put(self, key, body, headers):
        script = self.answers.get(key.rpartition("/")[2], [])
        status = script.pop(0) if script else None
        if callable(status):
            status = status(key, body)
        with self.lock:
            held = self.objects.get(key)
            if status is None and headers.get("If-None-Match") == "*" and held is not None:
                status = 412
            if status is None and "If-Match" in headers:
                status = 404 if held is None else None
                status = 412 if held is not None and headers["If-Match"] != tag(held) else status
            if status is None:
                self.objects[key] = body
                status = 200
            self.puts.append((key.rpartition("/")[2], status))
            return status, body

    def listed(self, query):
        prefix, after = query["prefix"][0], query.get("start-after", [""])[0]
        keys = [k for k in sorted(self.objects) if k.startswith(prefix) and k > after]
        parts = "".join(f"<Contents><Key>{escape(k)}</Key></Contents>" for k in keys)
        return (
            f"<ListBucketResult><IsTruncated>false</IsTruncated>{parts}</ListBucketResult>".encode()
        )


def tag(body):
    return f'"{hashlib.md5(body).hexdigest()}"'  # noqa: S324 (what S3 calls an ETag)


@pytest.fixture
def bucket(monkeypatch):
    made = Bucket()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", made.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    yield made
    made.server.shutdown()
    made.server.server_close()


def intent(run):
    return Intent(run, "ana", "ask", "claude", ("eu-west-1",), (), Policy())


def statuses(bucket, name):
    return [status for key, status in bucket.puts if key == name]


def runs(ledger):
    return [call.run for call in calls_of(ledger.entries())]


def test_a_conflict_is_tried_again_and_makes_one_entry(bucket):
    ledger = S3Ledger("s3://audit/l")
    bucket.answers["000000000002.json"] = [409, 409]
    entry = ledger.open(intent("mine"))
    ledger.close(entry, Outcome(request_id="r"))
    assert statuses(bucket, "000000000002.json") == [409, 409, 200]
    assert entry.startswith("2-")
    assert runs(ledger) == ["mine"]
    assert verify_ledger(ledger).ok


def test_the_other_may_win_after_a_conflict(bucket):
    """409 while the other is under way, 412 once it is done: the next number is taken."""
    S3Ledger("s3://audit/l").open(intent("first"))
    ledger, other = S3Ledger("s3://audit/l"), S3Ledger("s3://audit/l")

    def meanwhile(key, body):
        other.open(intent("other"))
        return 409

    bucket.answers["000000000003.json"] = [409, meanwhile]
    entry = ledger.open(intent("mine"))
    assert statuses(bucket, "000000000003.json") == [409, 200, 409]
    assert entry.startswith("4-")
    assert runs(ledger) == ["first", "other", "mine"]
    assert verify_ledger(ledger).ok


def test_a_key_that_is_taken_after_a_conflict_is_not_written_over(bucket):
    S3Ledger("s3://audit/l").open(intent("first"))
    ledger, other = S3Ledger("s3://audit/l"), S3Ledger("s3://audit/l")

    seen = []

    def taken(key, body):
        if not seen:
            seen.append(other.open(intent("other")))
        return None

    bucket.answers["000000000003.json"] = [409, taken]
    entry = ledger.open(intent("mine"))
    assert statuses(bucket, "000000000003.json") == [409, 200, 412]
    assert (seen[0][:2], entry[:2]) == ("3-", "4-")
    assert runs(ledger) == ["first", "other", "mine"]
    assert verify_ledger(ledger).ok


def test_the_very_first_entry_and_the_head_may_conflict_too(bucket):
    ledger = S3Ledger("s3://audit/l")
    bucket.answers["000000000001.json"] = [409]
    bucket.answers["head.json"] = [409, 409, None, 409]
    ledger.open(intent("mine"))
    assert statuses(bucket, "head.json") == [409, 409, 200, 409, 200]
    assert verify_ledger(ledger).ok
    assert ledger.head().link.seq == 2


def test_a_head_that_conflicts_without_end_is_no_call(bucket):
    """Nothing waits for ever: the call is refused, and the next one heals the head."""
    ledger = S3Ledger("s3://audit/l")
    ledger.open(intent("first"))
    bucket.answers["head.json"] = [409] * 200
    with pytest.raises(LedgerError, match="The call was not made") as caught:
        ledger.open(intent("mine"))
    assert "ConditionalRequestConflict" in str(caught.value)
    assert "another process" in str(caught.value)
    bucket.answers.clear()
    S3Ledger("s3://audit/l").open(intent("later"))
    assert runs(ledger) == ["first", "mine", "later"]
    assert verify_ledger(ledger).ok
