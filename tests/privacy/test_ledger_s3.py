"""The ledger in a bucket, over HTTP: the real boto3 and a server on this machine."""

import json
import os
import select
import socket
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from mirrorbi.errors import LedgerError, SettingsError
from mirrorbi.privacy.ledger import Intent, Outcome, S3Ledger, calls_of, open_ledger, verify_ledger
from mirrorbi.privacy.policy import Policy
from mirrorbi.settings import Settings

pytest.importorskip("moto.server")

# One request at a time: the server looks whether a key is free and writes it in two steps,
# which S3 does in one.
SERVE = """
from werkzeug.serving import make_server
from moto.server import DomainDispatcherApplication, create_backend_app
server = make_server(
    "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False
)
print(server.port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def port():
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield int(server.stdout.readline())
    server.kill()
    server.wait()


@pytest.fixture
def bucket(port, monkeypatch, request):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    name = f"b{abs(hash(request.node.name))}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def ledger(bucket):
    return S3Ledger(f"s3://{bucket}/audit/ledger/")


def intent(run="run-1"):
    return Intent(run, "ana", "ask", "claude", ("eu-west-1",), (), Policy())


def test_one_object_for_each_entry_and_a_head(ledger, bucket):
    entry = ledger.open(intent())
    ledger.close(entry, Outcome(request_id="r-1"))
    listed = boto3.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert [part["Key"] for part in listed] == [
        "audit/ledger/000000000001.json",
        "audit/ledger/000000000002.json",
        "audit/ledger/000000000003.json",
        "audit/ledger/head.json",
    ]
    assert [part["kind"] for part in ledger.entries()] == ["start", "open", "close"]
    assert [call.outcome for call in calls_of(ledger.entries())] == ["answered"]
    checked = verify_ledger(ledger)
    assert (checked.ok, checked.entries, checked.place) == (
        True,
        3,
        f"s3://{bucket}/audit/ledger",
    )


def test_another_object_goes_on_where_the_first_ended(ledger):
    ledger.open(intent())
    again = S3Ledger(ledger.place)
    again.close(again.open(intent()), Outcome())
    ledger.open(intent())
    assert [part["seq"] for part in ledger.entries()] == [1, 2, 3, 4, 5]
    assert verify_ledger(ledger).ok


def test_a_bucket_without_a_prefix(bucket):
    ledger = S3Ledger(f"s3://{bucket}")
    ledger.open(intent())
    assert verify_ledger(ledger).ok


@pytest.mark.slow
def test_threads_take_a_number_each(ledger):
    def write(number):
        ledger.close(ledger.open(intent(str(number))), Outcome())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(8)))
    checked = verify_ledger(ledger)
    assert (checked.ok, checked.calls, checked.entries) == (True, 8, 17)
    assert all(call.outcome == "answered" for call in calls_of(ledger.entries()))


WRITE = """
import random, sys, time
from mirrorbi.privacy.ledger import *
from mirrorbi.privacy.policy import Policy
ledger = S3Ledger(sys.argv[1])
list(ledger.lines())
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    run = f"{sys.argv[2]}-{number}"
    intent = Intent(run, "ana", "ask", "claude", ("eu-west-1",), (), Policy())
    entry = ledger.open(intent)
    time.sleep(random.uniform(0, 0.1))  # a call takes longer than that
    ledger.close(entry, Outcome(request_id=run))
"""


@pytest.mark.slow
def test_two_processes_never_take_the_same_number(ledger):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, ledger.place, name, "20"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.close()
    assert [process.wait(120) for process in processes] == [0, 0]
    checked = verify_ledger(ledger)
    assert (checked.ok, checked.problems, checked.entries) == (True, (), 81)
    calls = calls_of(ledger.entries())
    assert {call.run for call in calls} == {f"{p}-{n}" for p in "ab" for n in range(20)}
    assert all(call.request_id == call.run for call in calls)
    turns = [call.run[0] for call in calls]
    assert turns != sorted(turns)
    assert turns != sorted(turns, reverse=True)


def test_entries_are_encrypted_with_the_key_that_is_given(bucket):
    ledger = S3Ledger(f"s3://{bucket}/l", kms_key="alias/ledger")
    ledger.open(intent())
    for name in ("000000000002.json", "head.json"):
        head = boto3.client("s3").head_object(Bucket=bucket, Key=f"l/{name}")
        assert head["ServerSideEncryption"] == "aws:kms"
        assert head["SSEKMSKeyId"] == "alias/ledger"


def test_settings_name_the_bucket_and_the_key(bucket):
    ledger = open_ledger(Settings(ledger=f"s3://{bucket}/l", ledger_kms_key="alias/a"))
    assert isinstance(ledger, S3Ledger)
    assert (ledger.place, ledger.kms_key) == (f"s3://{bucket}/l", "alias/a")


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "bucket/prefix"])
def test_a_url_without_a_bucket(url):
    with pytest.raises(SettingsError, match="names no bucket"):
        S3Ledger(url)


def test_what_was_never_opened_cannot_be_closed(ledger):
    entry = ledger.open(intent())
    ledger.close(entry, Outcome())
    with pytest.raises(LedgerError, match="There is no open call"):
        ledger.close(entry, Outcome())


# Changed by someone -------------------------------------------------------------------


def edit(client, bucket, key):
    body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    client.put_object(Bucket=bucket, Key=key, Body=body.replace(b'"run":"', b'"run":"x'))


def remove(client, bucket, key):
    client.delete_object(Bucket=bucket, Key=key)


def swap(client, bucket, key):
    other = key.replace("3", "4")
    one, two = (client.get_object(Bucket=bucket, Key=k)["Body"].read() for k in (key, other))
    client.put_object(Bucket=bucket, Key=key, Body=two)
    client.put_object(Bucket=bucket, Key=other, Body=one)


def duplicate(client, bucket, key):
    body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    client.put_object(Bucket=bucket, Key=f"{key}.bak", Body=body)


@pytest.mark.parametrize(
    ("damage", "name", "where", "what"),
    [
        (edit, "000000000003.json", "entry 3", "was changed: its hash does not fit"),
        (remove, "000000000003.json", "entry 3", "missing before entry 4"),
        (swap, "000000000003.json", "entry 3", "missing before entry 4"),
        (duplicate, "000000000003.json", "entry 3", "stands here twice"),
        (remove, "000000000004.json", "entry 4", "cut off: the head says that the ledger went on"),
        (remove, "head.json", "head", "was removed: a cut tail would not be seen"),
        (edit, "000000000004.json", "entry 4", "was changed: its hash does not fit"),
    ],
)
def test_whatever_is_done_to_the_objects_is_found(ledger, bucket, damage, name, where, what):
    for number in range(3):
        ledger.open(intent(str(number)))
    assert verify_ledger(ledger).ok
    damage(boto3.client("s3"), bucket, f"audit/ledger/{name}")
    problems = verify_ledger(ledger).problems
    assert problems[0] == (where, what)
    if name != "000000000003.json":  # what lies before the head is for verify to find
        with pytest.raises(LedgerError, match="Nothing is added to it"):
            S3Ledger(ledger.place).open(intent())


def test_what_stands_behind_the_head_is_checked_before_it_is_gone_on_from(ledger, bucket):
    client = boto3.client("s3")
    ledger.open(intent())
    head = client.get_object(Bucket=bucket, Key="audit/ledger/head.json")["Body"].read()
    ledger.open(intent("second"))
    client.put_object(Bucket=bucket, Key="audit/ledger/head.json", Body=head)
    S3Ledger(ledger.place).open(intent("third"))  # a head that lags is no harm
    assert verify_ledger(ledger).ok
    client.put_object(Bucket=bucket, Key="audit/ledger/head.json", Body=head)
    edit(client, bucket, "audit/ledger/000000000003.json")
    with pytest.raises(LedgerError, match=r"000000000003\.json was changed"):
        S3Ledger(ledger.place).open(intent())


def test_a_head_kept_elsewhere_is_found(ledger):
    ledger.open(intent())
    noted = verify_ledger(ledger).last
    ledger.open(intent())
    assert verify_ledger(ledger, head=noted.hash).ok
    assert not verify_ledger(ledger, head="0" * 64).ok


# The network --------------------------------------------------------------------------


class Relay:
    """Passes bytes on to the server, but swallows the answers to the first PUT that fits."""

    def __init__(self, port, swallow):
        self.port, self.swallow, self.swallowed = port, swallow, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def relay(self, client):
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            asked = b""
            while True:
                ready, _, _ = select.select([client, server], [], [], 10)
                for side in ready:
                    data = side.recv(65536)
                    if not data:
                        return
                    if side is client:
                        asked += data
                        server.sendall(data)
                    else:
                        put = asked.startswith(b"PUT") and self.swallow in asked.split(b"\r\n")[0]
                        if put and b" 200 OK" in data[:15] and not self.swallowed:
                            self.swallowed += 1
                            return  # the object is written, and nobody hears of it
                        client.sendall(data)
                if not ready:
                    return


def test_an_answer_that_was_lost_makes_no_second_entry(ledger, port, monkeypatch):
    ledger.open(intent())
    relay = Relay(port, b"000000000003.json")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{relay.listener.getsockname()[1]}")
    again = S3Ledger(ledger.place)
    entry = again.open(intent("lost"))
    assert relay.swallowed == 1
    assert entry.startswith("3-")
    assert [call.run for call in calls_of(ledger.entries())] == ["run-1", "lost"]
    assert verify_ledger(ledger).ok
    relay.listener.close()


def test_a_bucket_that_is_not_there(bucket):
    with pytest.raises(LedgerError, match="The call was not made") as caught:
        S3Ledger(f"s3://{bucket}-not/l").open(intent())
    assert "NoSuchBucket" in str(caught.value)
    assert "Make the bucket" in str(caught.value)


def test_no_server_means_no_call(bucket, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free}")
    began = time.monotonic()
    with pytest.raises(LedgerError, match="The call was not made") as caught:
        S3Ledger(f"s3://{bucket}/l").open(intent())
    assert "Check the network and the AWS credentials" in str(caught.value)
    assert time.monotonic() - began < 30


def test_a_process_killed_after_its_entry_is_seen(ledger):
    code = textwrap.dedent("""
        import sys, os, signal
        from mirrorbi.privacy.ledger import *
        from mirrorbi.privacy.policy import Policy
        ledger = S3Ledger(sys.argv[1])
        ledger.open(Intent("r", "ana", "ask", "claude", ("eu-west-1",), (), Policy()))
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    subprocess.run([sys.executable, "-c", code, ledger.place], check=False)
    assert [call.outcome for call in calls_of(ledger.entries())] == ["sent, outcome unknown"]
    assert verify_ledger(ledger).ok


def test_the_command_reads_the_bucket_too(ledger, mirrorbi_command):
    ledger.close(ledger.open(intent()), Outcome())
    done = mirrorbi_command("ledger", "verify", "--json", "--ledger", ledger.place)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["entries"] == 3
