"""The ledger in a folder: what it says, and what it survives."""

import ctypes
import hashlib
import itertools
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from mirrorbi.errors import LedgerError
from mirrorbi.privacy.disclosure import Disclosure, _sealed, canonical
from mirrorbi.privacy.ledger import FileLedger, Intent, Outcome, calls_of, verify_ledger
from mirrorbi.privacy.ledger.lock import locked
from mirrorbi.privacy.policy import Policy
from mirrorbi.privacy.withheld import Withheld

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
FULL, HASH = Policy(), Policy(retention="hash")


def disclosure(value="64.7%", policy=FULL, **more):
    body = canonical({"facts": [{"name": "f1", "shown": value}]})
    seal = _sealed("facts", body, policy.sha256)
    return Disclosure("facts", body, policy.sha256, sealed=seal, **more)


def intent(policy=FULL, run="run-1", disclosures=None, **more):
    values = {
        "user": "ana",
        "purpose": "narrative",
        "model": "eu.anthropic.claude-sonnet-4-6",
        "regions": ("eu-west-1", "eu-central-1"),
        "disclosures": (disclosure(policy=policy),) if disclosures is None else disclosures,
        "instructions": {"write.md": "ab" * 32},
    }
    return Intent(run=run, policy=policy, **{**values, **more})


@pytest.fixture
def ledger(tmp_path):
    return FileLedger(tmp_path / "ledger")


def run(code, *args, **more):
    header = "import sys, os\nfrom mirrorbi.privacy.ledger import *\n" + SHARED
    return subprocess.run(
        [sys.executable, "-c", header + textwrap.dedent(code), *map(str, args)],
        capture_output=True,
        text=True,
        timeout=60,
        **more,
    )


SHARED = """
from mirrorbi.errors import LedgerError
from mirrorbi.privacy.policy import Policy
def intent(run="run-1"):
    return Intent(run, "ana", "ask", "claude", ("eu-west-1",), (), Policy())
"""


# What it says -------------------------------------------------------------------------


def test_the_entry_before_a_call_says_who_what_and_where(ledger):
    held = (Withheld("min_entities", "region = North, carrier = ZZ", 2), Withheld("few", "max"))
    sent = disclosure(withheld=held)
    entry = ledger.open(intent(disclosures=(sent,)))
    start, said = ledger.entries()
    assert start["kind"] == "start"
    assert (said["run"], said["user"], said["purpose"]) == ("run-1", "ana", "narrative")
    assert said["regions"] == ["eu-west-1", "eu-central-1"]
    assert said["policy"] == FULL.sha256
    assert said["instructions"] == {"write.md": "ab" * 32}
    assert said["withheld"] == {"min_entities": 2, "few": 1}
    assert said["disclosures"] == [
        {"kind": "facts", "sha256": sent.sha256, "bytes": len(sent.body), "body": sent.text}
    ]
    assert said["at"].endswith("Z")
    assert entry == f"2-{said['hash'][:12]}"
    assert said["previous"] == start["hash"]
    # What was kept back is counted, never named.
    assert b"North" not in (ledger.folder / "ledger.jsonl").read_bytes()


def test_the_hash_is_that_of_the_entry_without_it(ledger):
    ledger.open(intent())
    for line in ledger.lines():
        entry = json.loads(line)
        own = entry.pop("hash")
        assert own == hashlib.sha256(canonical(entry)).hexdigest()


def test_the_entry_after_a_call_says_what_came_of_it(ledger):
    entry = ledger.open(intent())
    ledger.close(
        entry,
        Outcome("answered", "req-9", 900, 80, 5000, 0, Decimal("0.0054"), "end_turn", "", 2),
    )
    said = list(ledger.entries())[-1]
    assert (said["of"], said["request_id"], said["cost"]) == (2, "req-9", "0.0054")
    assert (said["input"], said["output"], said["cache_read"]) == (900, 80, 5000)
    assert (said["status"], said["stop"], said["attempts"]) == ("answered", "end_turn", 2)
    (call,) = calls_of(ledger.entries())
    assert (call.outcome, call.cost, call.entry) == ("answered", Decimal("0.0054"), entry)


def test_a_user_who_is_not_given_is_that_of_the_system(ledger):
    ledger.open(intent(user=""))
    import getpass

    assert next(e for e in ledger.entries() if e["kind"] == "open")["user"] == getpass.getuser()


def test_a_policy_of_hashes_keeps_no_payload(ledger):
    sent = disclosure("a figure that is nobody's business", HASH)
    ledger.close(ledger.open(intent(HASH, disclosures=(sent,))), Outcome())
    everything = b"".join(path.read_bytes() for path in ledger.folder.iterdir())
    assert b"nobody's business" not in everything
    assert sent.sha256.encode() in everything
    assert verify_ledger(ledger).ok


def test_a_payload_that_is_sent_again_is_kept_once(ledger):
    one, two = disclosure("64.7%"), disclosure("81.8%")
    ledger.open(intent(disclosures=(one,)))
    ledger.open(intent(disclosures=(one, two)))
    content = (ledger.folder / "ledger.jsonl").read_text("utf-8")
    assert content.count("64.7%") == 1
    assert content.count(one.sha256) == 2
    assert content.count("81.8%") == 1
    assert verify_ledger(ledger).ok


@posix
def test_only_this_user_may_look(ledger):
    old = os.umask(0)
    try:
        ledger.open(intent())
    finally:
        os.umask(old)
    assert stat.S_IMODE(ledger.folder.stat().st_mode) == 0o700
    for path in ledger.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


@pytest.mark.skipif(sys.platform == "darwin", reason="flushes by fcntl there")
@pytest.mark.parametrize("calls", [0, 1])
def test_the_disk_has_an_entry_before_its_id_is_told(ledger, calls):
    for _ in range(calls):
        ledger.open(intent())
    seen = []

    def watch(frame, event, function):
        if event == "c_call" and function in (os.write, os.fsync):
            seen.append(function.__name__)

    sys.setprofile(watch)
    try:
        ledger.open(intent())
    finally:
        sys.setprofile(None)
    # The line, flushed; then the head, which need not be.
    assert seen[-3:] == ["write", "fsync", "write"]
    if not calls:  # the first entry: and the head, and the names in the folder
        assert seen[:5] == ["write", "fsync", "write", "fsync", "fsync"]


def test_text_that_is_no_text_is_kept_as_one_line(ledger):
    ledger.close(ledger.open(intent(run="a\ud800\n\x1b[2Jb")), Outcome("failed", error="x" * 9000))
    assert len(list(ledger.entries())) == 3
    assert verify_ledger(ledger).ok


@pytest.mark.parametrize("entry", ["2-000000000000", "1-x", "", "99-abc"])
def test_what_was_never_opened_cannot_be_closed(ledger, entry):
    ledger.open(intent())
    with pytest.raises(LedgerError, match="There is no open call"):
        ledger.close(entry, Outcome())
    assert len(list(ledger.entries())) == 2


def test_a_call_is_closed_once_by_whoever_knows_it(ledger):
    entry = ledger.open(intent())
    FileLedger(ledger.folder).close(entry, Outcome())
    with pytest.raises(LedgerError, match="was closed before, by entry 3"):
        FileLedger(ledger.folder).close(entry, Outcome())


def test_a_notebook_that_changes_its_folder_keeps_its_ledger(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger = FileLedger("here/ledger")
    assert ledger.place == os.path.join("here", "ledger")  # noqa: PTH118
    entry = ledger.open(intent())
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    ledger.close(entry, Outcome())
    assert list((tmp_path / "other").iterdir()) == []
    assert ledger.place == str(tmp_path / "here" / "ledger")


def test_after_an_hour_a_call_is_no_longer_under_way(ledger):
    ledger.open(intent())
    entries = [dict(entry) for entry in ledger.entries()]
    assert calls_of(entries)[0].outcome == "under way"
    entries[1]["at"] = "2026-01-01T00:00:00.000000Z"
    assert calls_of(entries)[0].outcome == "sent, outcome unknown"
    entries[1]["host"] = "another"
    assert calls_of(entries)[0].outcome == "sent, outcome unknown"


# Where it cannot be written -----------------------------------------------------------


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "ledger").write_text("")
    with pytest.raises(LedgerError, match="The call was not made: the ledger in"):
        FileLedger(tmp_path / "ledger").open(intent())


@posix
def test_a_folder_that_may_not_be_written(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    for parent in [tmp_path, *tmp_path.parents]:
        if parent.stat().st_uid == os.getuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    done = run(
        """
        FileLedger(sys.argv[2]).open(intent())  # imports that the other user may not read
        if os.getuid() == 0:
            os.setuid(65534)
        try:
            FileLedger(sys.argv[1]).open(intent())
        except LedgerError as error:
            print(error)
        """,
        folder,
        tmp_path / "open",
    )
    assert "The call was not made" in done.stdout, done.stderr
    assert "Permission denied" in done.stdout
    assert "Give this user the right to write there" in done.stdout
    assert list(folder.iterdir()) == []


@posix
def test_a_full_disk_stops_the_calls_and_harms_nothing(tmp_path):
    """On a real file system of 64 kB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    options = (b"tmpfs", str(folder).encode(), b"tmpfs", 0, b"size=64k")
    if not hasattr(libc, "mount") or libc.mount(*options):
        pytest.skip("needs the right to mount a file system")
    try:
        (folder / "stuff").write_bytes(b"x" * 20_000)
        ledger = FileLedger(folder / "ledger")
        told = []

        def fill():
            for number in range(1000):
                told.append(ledger.open(intent(disclosures=(disclosure("x" * number),))))

        with pytest.raises(LedgerError) as caught:
            fill()
        assert "The call was not made" in str(caught.value)
        assert "No space left on device" in str(caught.value)
        assert "Make room" in str(caught.value)
        assert len(told) > 3
        checked = verify_ledger(ledger)
        assert (checked.ok, checked.notes, checked.calls) == (True, (), len(told))
        assert not list(ledger.folder.glob(".*"))
        (folder / "stuff").unlink()
        told.append(FileLedger(ledger.folder).open(intent()))
        assert [call.entry for call in calls_of(ledger.entries())] == told
        assert verify_ledger(ledger).ok
    finally:
        libc.umount2(str(folder).encode(), 2)


@posix
@pytest.mark.parametrize("spare", [0, 1, 100, 500])
def test_a_limit_reached_within_a_line_leaves_no_half_of_it(ledger, spare):
    ledger.open(intent())
    size = (ledger.folder / "ledger.jsonl").stat().st_size
    limit = size + spare

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code = """
    try:
        FileLedger(sys.argv[1]).open(intent("r" * 300))
    except LedgerError as error:
        print(error)
    """
    done = run(code, ledger.folder, preexec_fn=limited)
    assert "The call was not made" in done.stdout, done.stderr
    assert (ledger.folder / "ledger.jsonl").stat().st_size == size
    assert verify_ledger(ledger).ok


@posix
def test_without_its_head_an_entry_is_not_promised(ledger):
    """The line fits, the head does not: the line is taken back."""
    ledger.open(intent())
    size = (ledger.folder / "ledger.jsonl").stat().st_size
    (ledger.folder / "ledger.head").unlink()
    (ledger.folder / "ledger.head").mkdir()
    with pytest.raises(LedgerError, match="The call was not made"):
        ledger.open(intent())
    assert (ledger.folder / "ledger.jsonl").stat().st_size == size


def test_whoever_waits_too_long_for_the_others_says_so(tmp_path):
    with (
        locked(tmp_path / "lock"),
        pytest.raises(LedgerError, match=r"has held .* for 0.2 seconds"),
        locked(tmp_path / "lock", patience=0.2),
    ):
        pass


# Crashes ------------------------------------------------------------------------------


def start(code, *args):
    header = "import sys, os\nfrom mirrorbi.privacy.ledger import *\n" + SHARED
    return subprocess.Popen(
        [sys.executable, "-c", header + textwrap.dedent(code), *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_killed_between_the_two_entries_a_call_reads_sent_outcome_unknown(ledger):
    process = start(
        """
        print(FileLedger(sys.argv[1]).open(intent()), flush=True)
        sys.stdin.read()
        import time; time.sleep(60)
        """,
        ledger.folder,
    )
    entry = process.stdout.readline().strip()
    (call,) = calls_of(ledger.entries())
    assert (call.entry, call.outcome) == (entry, "under way")
    process.kill()
    while process.poll() is None:
        time.sleep(0.01)
    (call,) = calls_of(ledger.entries())
    assert call.outcome == "sent, outcome unknown"
    assert verify_ledger(ledger).ok
    ledger.open(intent())  # and the ledger goes on
    assert verify_ledger(ledger).ok


def test_one_that_ended_and_was_not_asked_is_gone_too(ledger):
    process = start("print(FileLedger(sys.argv[1]).open(intent()), flush=True)", ledger.folder)
    process.stdout.read()
    time.sleep(0.3)  # it is a zombie now: its number is still taken
    assert [call.outcome for call in calls_of(ledger.entries())] == ["sent, outcome unknown"]
    process.wait()


@pytest.mark.slow
@posix
def test_killed_at_any_moment_the_chain_holds_and_nothing_promised_is_lost(ledger):
    promised = []
    for turn in range(12):
        process = start(
            """
            ledger = FileLedger(sys.argv[1])
            while True:
                print(ledger.open(intent("r" * 2000)), flush=True)
            """,
            ledger.folder,
        )
        promised.append(process.stdout.readline().strip())
        time.sleep(0.013 * turn % 0.1)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        promised += [line for line in rest[:-1] if line]
        process.wait()
        checked = verify_ledger(ledger)
        assert checked.ok, checked.problems
    there = [call.entry for call in calls_of(ledger.entries())]
    assert set(promised) <= set(there)
    assert len(there) <= len(promised) + 12


def test_an_unfinished_line_is_healed_and_the_next_entry_says_so(ledger):
    first = ledger.open(intent())
    path = ledger.folder / "ledger.jsonl"
    torn = b'{"kind":"open","at":"2026-11-2'
    with path.open("ab") as file:
        file.write(torn)
    checked = verify_ledger(ledger)
    assert checked.ok
    assert "An unfinished line of 30 bytes" in checked.notes[0]
    second = ledger.open(intent())
    kinds = [entry["kind"] for entry in ledger.entries()]
    assert kinds == ["start", "open", "heal", "open"]
    heal = list(ledger.entries())[2]
    assert (heal["bytes"], heal["sha256"]) == (30, hashlib.sha256(torn).hexdigest())
    assert [call.entry for call in calls_of(ledger.entries())] == [first, second]
    assert verify_ledger(ledger) == verify_ledger(FileLedger(ledger.folder))
    assert (verify_ledger(ledger).ok, verify_ledger(ledger).notes) == (True, ())


@pytest.mark.parametrize("torn", [b"{", b"x" * 100_000, b"\0" * 512])
def test_whatever_a_crash_left_behind_is_healed(ledger, torn):
    ledger.open(intent())
    with (ledger.folder / "ledger.jsonl").open("ab") as file:
        file.write(torn)
    ledger.open(intent())
    assert verify_ledger(ledger).ok


def test_a_first_line_that_was_never_finished(ledger):
    ledger.folder.mkdir()
    (ledger.folder / "ledger.jsonl").write_bytes(b'{"kind":"sta')
    ledger.open(intent())
    assert [entry["kind"] for entry in ledger.entries()] == ["start", "heal", "open"]
    assert verify_ledger(ledger).ok


def test_a_head_that_lags_after_a_crash_is_caught_up(ledger):
    ledger.open(intent())
    head = (ledger.folder / "ledger.head").read_bytes()
    entry = ledger.open(intent())
    (ledger.folder / "ledger.head").write_bytes(head)
    assert verify_ledger(ledger).ok
    FileLedger(ledger.folder).close(entry, Outcome())
    assert verify_ledger(ledger).ok
    assert [e["seq"] for e in ledger.entries()] == [1, 2, 3, 4]


# Changed by someone -------------------------------------------------------------------


def damage_cut(path):
    path.write_bytes(b"".join(path.read_bytes().splitlines(True)[:-1]))


def damage_cut_within(path):
    path.write_bytes(path.read_bytes()[:-10])


def damage_edit_last(path):
    path.write_bytes(path.read_bytes().replace(b'"run":"last"', b'"run":"lost"'))


def damage_append(path):
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(True)[-1])


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (damage_cut, "its end was cut off, and entry 4-"),
        (damage_cut_within, "its end was cut off"),
        (damage_edit_last, "was changed: its hash does not fit"),
        (damage_append, "stands where entry 5 should"),
        (os.unlink, "its end was cut off"),
    ],
)
def test_nothing_is_added_to_a_ledger_that_was_changed(ledger, damage, why):
    for name in ("one", "two", "last"):
        ledger.open(intent(run=name))
    path = ledger.folder / "ledger.jsonl"
    damage(path)
    before = path.read_bytes() if path.exists() else b""
    with pytest.raises(LedgerError, match="Nothing is added to it") as caught:
        ledger.open(intent())
    assert why in str(caught.value)
    assert "Run 'mirrorbi ledger verify'" in str(caught.value)
    assert path.read_bytes() == before


def test_who_reads_while_others_write_sees_a_whole_ledger(ledger):
    ledger.open(intent())
    process = start(WRITE_MANY, ledger.folder, "a", 200)
    process.stdin.close()
    while process.poll() is None:
        checked = verify_ledger(ledger)
        assert checked.ok, checked.problems
    assert process.returncode == 0


def test_a_line_that_is_being_written_is_the_last_that_is_read(ledger):
    ledger.close(ledger.open(intent()), Outcome())
    path = ledger.folder / "ledger.jsonl"
    *before, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(before) + last[:40])
    lines = ledger.lines()
    assert [next(lines) for _ in range(len(before) + 1)] == [*before, last[:40]]
    with path.open("ab") as file:
        file.write(last[40:])
    assert list(lines) == []
    assert list(ledger.lines()) == [*before, last]


@pytest.mark.parametrize("text", [b"", b"{}", b'{"seq":2}\n'])
def test_a_head_that_was_changed_stops_the_ledger(ledger, text):
    ledger.open(intent())
    (ledger.folder / "ledger.head").write_bytes(text)
    with pytest.raises(LedgerError, match=r"its head, ledger\.head, was changed"):
        ledger.open(intent())


def test_a_head_that_was_removed_stops_the_ledger(ledger):
    ledger.open(intent())
    (ledger.folder / "ledger.head").unlink()
    with pytest.raises(LedgerError, match=r"its head, ledger\.head, was removed"):
        ledger.open(intent())


def test_after_the_whole_folder_is_gone_payloads_are_kept_again(ledger):
    ledger.open(intent())
    shutil.rmtree(ledger.folder)
    ledger.open(intent())
    assert verify_ledger(ledger).ok


# Many at once -------------------------------------------------------------------------

WRITE_MANY = """
ledger = FileLedger(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3]) // 2):
    ledger.close(ledger.open(intent(f"{sys.argv[2]}-{number}")), Outcome(request_id=sys.argv[2]))
"""


@pytest.mark.slow
def test_two_processes_write_two_hundred_entries_each(ledger):
    processes = [start(WRITE_MANY, ledger.folder, name, 200) for name in ("a", "b")]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.close()
    assert [process.wait(120) for process in processes] == [0, 0]
    checked = verify_ledger(ledger)
    assert (checked.ok, checked.entries, checked.calls) == (True, 401, 200)
    calls = calls_of(ledger.entries())
    assert {call.run for call in calls} == {f"{p}-{n}" for p in "ab" for n in range(100)}
    assert all(call.outcome == "answered" for call in calls)
    assert all(call.request_id == call.run[0] for call in calls)
    # They did write at the same time.
    turns = [call.run[0] for call in calls]
    assert sum(one != two for one, two in itertools.pairwise(turns)) > 2


def test_threads_of_one_process_write_at_once(ledger):
    def write(number):
        ledger.close(ledger.open(intent(run=str(number))), Outcome())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    checked = verify_ledger(ledger)
    assert (checked.ok, checked.entries, checked.calls) == (True, 81, 40)


@posix
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_forked_while_a_thread_writes_does_not_stop_the_others(ledger):
    ledger.open(intent())
    stop = threading.Event()

    def write():
        while not stop.is_set():
            ledger.close(ledger.open(intent()), Outcome())

    thread = threading.Thread(target=write)
    thread.start()
    children = []
    for _ in range(5):
        child = os.fork()
        if not child:
            try:
                ledger.close(ledger.open(intent()), Outcome())
                time.sleep(0.5)  # whatever it holds of the parent's, it holds it for a while
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
        time.sleep(0.01)
    ended = [os.waitpid(child, 0)[1] for child in children]
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert ended == [0] * 5
    assert verify_ledger(ledger).ok
