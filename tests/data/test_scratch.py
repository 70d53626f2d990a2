"""Temporary data: private, encrypted, never in the current folder, gone with its process."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.engine.scratch import scratch_folder
from mirrorbi.data.ingest.copies import copies

WORD = "GEHEIMERNAME"
SPILL = f"""
import sys, time
from pathlib import Path
from mirrorbi.data.ingest.copies import copies
from mirrorbi.data.engine.embedded import connect
backend = connect()
backend.raw_sql("SET memory_limit = '60MB'")
backend.raw_sql("SET threads = 1")
backend.raw_sql("create temp table t as select '{WORD}-' || (i * 7919 % 1000003)"
                " || repeat('x', 40) a from range(1000000) r(i)")
place = Path(backend.raw_sql("select current_setting('temp_directory')").fetchone()[0])
backend.raw_sql("select count(*) from (select a from t order by a)").fetchone()
print(place, flush=True)
if len(sys.argv) > 1:
    time.sleep(60)
"""  # noqa: S608 (a constant)


def started(tmp_path, *arguments):
    (tmp_path / "here").mkdir(exist_ok=True)
    (tmp_path / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", SPILL, *arguments],
        cwd=tmp_path / "here",
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_folder_is_private_and_the_same_throughout():
    assert stat.S_IMODE(scratch_folder().stat().st_mode) == 0o700
    assert stat.S_IMODE(scratch_folder().parent.stat().st_mode) == 0o700
    assert scratch_folder() == scratch_folder()


def test_every_engine_writes_there_and_encrypted():
    backend = connect()
    for key, value in (("temp_directory", str(scratch_folder())), ("temp_file_encryption", True)):
        assert backend.raw_sql(f"select current_setting('{key}')").fetchone()[0] == value


@pytest.mark.slow
def test_what_is_spilled_is_unreadable_and_gone_at_the_end_even_of_a_killed_process(tmp_path):
    killed = started(tmp_path, "stay")
    place = Path(killed.stdout.readline().strip())
    files = [file for file in place.iterdir() if file.suffix == ".tmp"]
    assert sum(file.stat().st_size for file in files) > 2**20
    assert not [file for file in files if WORD.encode() in file.read_bytes()]
    assert list((tmp_path / "here").iterdir()) == []
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert place.exists()

    ended = started(tmp_path)
    other = Path(ended.communicate(timeout=120)[0].strip())
    assert other != place
    assert not place.exists()
    assert not other.exists()


@pytest.mark.slow
def test_the_folder_of_a_process_that_lives_is_left_alone(tmp_path):
    living = started(tmp_path, "stay")
    place = Path(living.stdout.readline().strip())
    started(tmp_path).communicate(timeout=120)
    assert place.exists()
    living.kill()
    living.wait()


def test_a_fork_has_a_folder_of_its_own_and_leaves_that_of_its_parent(tmp_path):
    code = (
        "import os\n"
        "from mirrorbi.data.engine.scratch import scratch_folder\n"
        "mine = scratch_folder()\n"
        "if os.fork() == 0:\n"
        "    assert scratch_folder() != mine\n"
        "    raise SystemExit\n"
        "os.wait()\n"
        "assert mine.is_dir()\n"
        "assert len(list(mine.parent.iterdir())) == 1\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    )


def test_a_folder_that_is_not_ours_is_refused(tmp_path):
    (tmp_path / f"mirrorbi-{os.getuid()}").symlink_to(tmp_path)
    code = "from mirrorbi.data.engine.scratch import scratch_folder; scratch_folder()"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert "belongs to somebody else" in ran.stderr


def test_a_first_start_costs_next_to_nothing():
    begun = time.perf_counter()
    scratch_folder()
    assert time.perf_counter() - begun < 0.05


# Copies of packed and foreign sources ----------------------------------------------------

COPIED = f"""
import sys, time
from pathlib import Path
from mirrorbi.data.ingest.copies import copies
with copies() as made:
    path = made.place(int(sys.argv[1]))
    path.write_text("{WORD}" * 1000)
    assert path.read_text().startswith("{WORD}")
    print(made.folder.parent.parent, flush=True)
    if len(sys.argv) > 2:
        time.sleep(60)
"""
LARGE = 10**15


def copied(tmp_path, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", COPIED, *map(str, arguments)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )


def names_with_the_word(folder):
    return [p for p in folder.rglob("*") if p.is_file() and WORD.encode() in p.read_bytes()]


@pytest.mark.skipif(sys.platform != "linux", reason="a file without a name is Linux's")
@pytest.mark.parametrize("size", [100, LARGE])
def test_a_copy_has_no_name_on_any_disk_and_goes_with_a_killed_process(tmp_path, size):
    living = copied(tmp_path, size, "stay")
    place = Path(living.stdout.readline().strip())
    assert place.is_relative_to(tmp_path)
    assert names_with_the_word(tmp_path) == []
    held = Path(f"/proc/{living.pid}/fd")
    kept = [str(link.readlink()) for link in held.iterdir()]
    where = [name for name in kept if "memfd" in name or "(deleted)" in name]
    assert any("memfd" in name for name in where) is (size < LARGE)
    assert where
    living.kill()
    living.wait()
    assert names_with_the_word(tmp_path) == []


def test_copies_are_closed_at_the_end(tmp_path):
    with copies() as made:
        paths = [made.place(10), made.place(LARGE)]
        for number, path in enumerate(paths):
            path.write_text(str(number))
        assert [path.read_text() for path in paths] == ["0", "1"]
        folder = made.folder
    assert not folder.exists()
    assert not [path for path in paths if path.exists()]


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files")
def test_many_copies_leave_files_to_be_opened():
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        with copies() as made:
            paths = [made.place(10) for _ in range(150)]
            for path in paths:
                path.write_text("x")
            assert len([path for path in paths if path.parent == made.folder]) == 50
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_where_files_need_names_they_are_in_the_private_folder(monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with copies() as made:
        path = made.place(10)
        path.write_text("x")
        assert path.is_relative_to(scratch_folder())
    assert not path.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads the list of open files")
@pytest.mark.parametrize("name", ["x.csv.gz", "x.zip", "x.csv"])
def test_a_packed_or_foreign_source_is_read_without_a_trace(tmp_path, name):
    import gzip
    import zipfile

    text = "who,paid\n" + "".join(f"{WORD} Müller,{n}\n" for n in range(50))
    path = tmp_path / "in" / name
    path.parent.mkdir()
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.csv", text)
    else:
        path.write_bytes(text.encode("cp1252"))
    (tmp_path / "tmp").mkdir()
    code = (
        "import mirrorbi, os, sys\n"
        "ds = mirrorbi.open(sys.argv[1])\n"
        "assert ds.rows == 50\n"
        "names = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') "
        "if os.path.lexists(f'/proc/self/fd/{n}')]\n"
        "assert not [name for name in names if 'memfd:mirrorbi' in name], names\n"
        "os.kill(os.getpid(), 9)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, path],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == -9, ran.stderr
    assert names_with_the_word(tmp_path / "tmp") == []
