"""Whether the process that made an entry is still there."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path


def this_process() -> str:
    """Return what tells this process from all others of this machine: ``4711@98223411``."""
    return _name(os.getpid())


def is_alive(process: str) -> bool:
    """Return whether a process of this machine, named by `this_process`, still runs."""
    number, _, born = process.partition("@")
    if not number.isdecimal():
        return False
    pid = int(number)
    if not _runs(pid):
        return False
    # Numbers of processes are used again; the moment of birth is not. One that has ended
    # but was not asked for its exit code yet has none either.
    return not born or born == _born(pid)


@cache
def _name(pid: int) -> str:
    born = _born(pid)
    return f"{pid}@{born}" if born else str(pid)


def _born(pid: int) -> str:
    """Return when a process began, as Linux counts; empty elsewhere."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    except OSError:
        return ""
    # The name of the program, in brackets, may hold anything, brackets too.
    state, *rest = stat.rpartition(b")")[2].split()
    return "" if state in (b"Z", b"X") else f"{boot[:8]}.{rest[18].decode()}"


def _runs(pid: int) -> bool:
    if sys.platform == "win32":  # there, os.kill ends the process whatever the signal
        import ctypes

        query_limited, still_active = 0x1000, 259
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(query_limited, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == still_active
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
