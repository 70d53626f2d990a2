"""The local store: contents are there whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.errors import StoreError
from mirrorbi.storage import LocalStore, Store
from mirrorbi.storage.local import _store_errors
from mirrorbi.storage.store import checked_name


@pytest.fixture
def store(tmp_path) -> LocalStore:
    return LocalStore(tmp_path / "reports")


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_contents_come_back(store, tmp_path):
    source = tmp_path / "source.html"
    source.write_bytes(b"x" * 3_000_000)
    where = store.write("2024/a.html", b"<html>")
    store.write("2024/b.html", source)
    assert where == str(tmp_path / "reports/2024/a.html")
    assert store.read("2024/a.html") == b"<html>"
    assert store.read("2024/b.html") == source.read_bytes()
    assert store.exists("2024/a.html")
    assert not store.exists("2024")
    assert not store.exists("2025/a.html")
    assert isinstance(store, Store)


def test_names_are_listed_sorted_and_without_hidden_ones(store):
    assert store.list() == []
    for name in ("b.html", "a/z.html", "a/b.html", "a/.index.part"):
        store.write(name, b"")
    assert store.list() == ["a/b.html", "a/z.html", "b.html"]
    assert store.list("a/") == ["a/b.html", "a/z.html"]
    assert store.list("c") == []


def test_writing_again_replaces_the_whole(store):
    store.write("a", b"a long first version")
    store.write("a", b"short")
    assert store.read("a") == b"short"
    assert everything(store.folder) == ["a"]


def test_a_file_has_the_permissions_that_others_expect(store):
    before = os.umask(0o022)
    try:
        path = Path(store.write("a", b"x"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@given(name=st.text(max_size=12))
def test_no_name_leads_out_of_the_store(name):
    try:
        path = checked_name(name)
    except StoreError:
        return
    assert not path.is_absolute()
    assert path.parts
    assert ".." not in path.parts


@pytest.mark.parametrize(
    "name", ["", ".", "/etc/passwd", "../x", "a/../../x", "a\\b", "C:/x", "a\0b", "folder/"]
)
def test_names_outside_are_refused(store, name):
    with pytest.raises(StoreError, match="is no name inside a store"):
        store.write(name, b"x")
    assert not store.folder.exists()


def test_a_missing_name_names_the_nearest(store):
    store.write("kpi.html", b"x")
    with pytest.raises(StoreError, match=r"There is no 'kpo\.html'.*Did you mean 'kpi\.html'"):
        store.read("kpo.html")


def test_a_folder_under_a_file_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("precious")
    store = LocalStore(tmp_path / "file" / "reports")
    with pytest.raises(StoreError, match="is a file, not a folder"):
        store.write("a.html", b"x")
    with pytest.raises(StoreError, match="A file has the name of the folder"):
        LocalStore(tmp_path / "file").write("a.html", b"x")
    assert (tmp_path / "file").read_text() == "precious"
    assert everything(tmp_path) == ["file"]


def test_a_folder_in_place_of_the_file_stays(store):
    store.write("a/b", b"x")
    with pytest.raises(StoreError, match="A folder has that name"):
        store.write("a", b"x")
    assert everything(store.folder) == ["a", "a/b"]


def test_a_name_too_long_is_said(store):
    with pytest.raises(StoreError, match="choose a shorter one"):
        store.write("x" * 300, b"x")
    assert everything(store.folder) == []


def test_a_source_that_is_gone_leaves_nothing(store, tmp_path):
    store.write("a", b"before")
    with pytest.raises(StoreError):
        store.write("a", tmp_path / "gone")
    assert store.read("a") == b"before"
    assert everything(store.folder) == ["a"]


def _run(code: str, folder: Path, **options) -> subprocess.CompletedProcess[str]:
    script = f"import sys\nsys.path[:] = {sys.path!r}\n" + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        capture_output=True, text=True, timeout=60, **options,
    )  # fmt: skip


WRITE_BIG = """
from mirrorbi.errors import StoreError
from mirrorbi.storage import LocalStore
try:
    LocalStore(sys.argv[1]).write("report.html", b"x" * 5_000_000)
except StoreError as error:
    print(error)
"""


def test_a_limit_reached_in_the_middle_leaves_the_last_good_content(store):
    store.write("report.html", b"good")

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = _run(WRITE_BIG, store.folder, preexec_fn=limit)
    assert "larger than is allowed here" in done.stdout, done.stderr
    assert store.read("report.html") == b"good"
    assert everything(store.folder) == ["report.html"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_in_words(tmp_path):
    with (
        pytest.raises(StoreError) as caught,
        _store_errors("written", tmp_path / "a.html"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert "The disk is full: free some space" in str(caught.value)


def test_a_disk_that_is_full_keeps_the_last_good_content(tmp_path):
    """On a real file system of 64 kB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    options = (b"tmpfs", str(folder).encode(), b"tmpfs", 0, b"size=64k")
    if not hasattr(libc, "mount") or libc.mount(*options):
        pytest.skip("needs the right to mount a file system")
    try:
        store = LocalStore(folder)
        store.write("report.html", b"good")
        with pytest.raises(StoreError, match="The disk is full"):
            store.write("report.html", b"x" * 1_000_000)
        assert store.read("report.html") == b"good"
        assert everything(folder) == ["report.html"]
    finally:
        libc.umount2(str(folder).encode(), 2)


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs POSIX permissions")
def test_a_folder_that_may_not_be_written_says_so(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    for parent in [tmp_path, *tmp_path.parents]:
        if parent.owner() == folder.owner() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
        if parent.name.startswith("pytest-of"):
            break
    code = """
    from mirrorbi.errors import StoreError
    from mirrorbi.storage import LocalStore
    import os
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        LocalStore(sys.argv[1]).write("a.html", b"x")
    except StoreError as error:
        print(error)
    """
    done = _run(code, folder)
    assert "This user may not do that here" in done.stdout, done.stderr
    assert everything(folder) == []


def test_ctrl_c_in_the_middle_leaves_nothing(store, tmp_path):
    """Reading from a pipe that never ends, the write is stopped like a run is."""
    store.write("report.html", b"good")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    script = f"import sys\nsys.path[:] = {sys.path!r}\n" + textwrap.dedent(
        """
        import signal
        from pathlib import Path
        from mirrorbi.storage import LocalStore
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("ready", flush=True)
        LocalStore(sys.argv[1]).write("report.html", Path(sys.argv[2]))
        """
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(store.folder), str(pipe)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    with pipe.open("wb") as feed:
        feed.write(b"half")
        feed.flush()
        while not [name for name in everything(store.folder) if name.endswith(".part")]:
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert store.read("report.html") == b"good"
    assert everything(store.folder) == ["report.html"]


def test_two_writers_of_one_name_leave_one_whole(store):
    code = """
    from mirrorbi.storage import LocalStore
    letter = sys.argv[2].encode() if len(sys.argv) > 2 else b"x"
    for _ in range(40):
        LocalStore(sys.argv[1]).write("a", letter * 100_000)
    """
    script = f"import sys\nsys.path[:] = {sys.path!r}\n" + textwrap.dedent(code)
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(store.folder), letter])
        for letter in "xy"
    ]
    assert [child.wait(timeout=60) for child in children] == [0, 0]
    assert store.read("a") in (b"x" * 100_000, b"y" * 100_000)
    assert everything(store.folder) == ["a"]
    shutil.rmtree(store.folder)
