"""Which processes work in a folder: the only sign by which a server is known to be that of its data.

A process id alone proves nothing, because ids are used again.
Refuses to guess: a process that cannot be looked at is not counted.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from duly.store.lodging import User

PROC = Path("/proc")


def works_in(pid: int, folder: Path, user: User) -> bool:
    """Whether the process lives, and its working directory is the folder."""
    if pid <= 0:
        return False
    if (PROC / "self").exists():
        return _works_in_by_proc(pid, folder, user)
    return _works_in_by_lsof(pid, folder)


def working_in(folder: Path, user: User, *, program: str) -> Iterator[int]:
    """The ids of the processes of that program that work in the folder. Empty where there is no /proc."""
    if not (PROC / "self").exists():
        return
    for entry in PROC.iterdir():
        if (
            entry.name.isdigit()
            and _name(entry) == program
            and _works_in_by_proc(int(entry.name), folder, user)
        ):
            yield int(entry.name)


def _works_in_by_proc(pid: int, folder: Path, user: User) -> bool:
    entry = PROC / str(pid)
    try:
        # "pid (name) state …": the name may hold anything, so count from its last bracket. A zombie is dead.
        state = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
        if state in "ZX" or entry.stat().st_uid != user.uid:
            return False
        where = _working_directory(entry, user)
    except (FileNotFoundError, ProcessLookupError):
        return False
    # The kernel appends " (deleted)" to a folder that is gone; that is then another name, as it should be.
    return where == str(folder)


def _working_directory(entry: Path, user: User) -> str | None:
    try:
        return str((entry / "cwd").readlink())
    except PermissionError:
        # Root in a container without CAP_SYS_PTRACE may not look at other users' processes; that user may.
        done = subprocess.run(
            ["readlink", str(entry / "cwd")],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            **user.spawning(),
        )
        return os.fsdecode(done.stdout).removesuffix("\n") if done.returncode == 0 else None


def _works_in_by_lsof(pid: int, folder: Path) -> bool:
    # Where there is no /proc (macOS), lsof lists one line per field: p<pid>, f<descriptor>, n<path>.
    # It lists no working directory for a zombie.
    done = subprocess.run(
        ["lsof", "-a", "-d", "cwd", "-p", str(pid), "-Fn"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return f"n{folder}" in os.fsdecode(done.stdout).splitlines()


def _name(entry: Path) -> str:
    try:
        return (entry / "comm").read_text("utf-8", "replace").removesuffix("\n")
    except (FileNotFoundError, ProcessLookupError):
        return ""
