"""CPU time of this process and of a tree of others, from /proc: what the kernel charged, whoever asked.

A process's own ended children are counted with it, so a database's backend that came and went is not lost.
Refuses to guess: without /proc there is no figure.
"""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def own() -> float:
    """Seconds of this process with all its threads, without any child."""
    return _seconds(os.getpid(), children=False)


def of_tree(root: int) -> float:
    """Seconds of a process, of all that descend from it, and of those of them that have ended."""
    parents = {int(entry.name): _parent(int(entry.name)) for entry in _PROC.iterdir() if entry.name.isdigit()}
    members = {root}
    while grown := {pid for pid, parent in parents.items() if parent in members} - members:
        members |= grown
    return sum(_seconds(pid, children=True) for pid in members)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on, empty for a process that has gone (proc(5))."""
    try:
        line = (_PROC / str(pid) / "stat").read_text("ascii", "replace")
    except OSError:
        return []
    return line.rpartition(")")[2].split()  # the second field, the name, may hold blanks and brackets


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _seconds(pid: int, *, children: bool) -> float:
    fields = _stat(pid)
    if not fields:
        return 0.0
    counted = fields[11:15] if children else fields[11:13]  # utime, stime, cutime, cstime
    return sum(map(int, counted)) / _TICKS
