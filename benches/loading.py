"""A book of any size invented, put in force, and put in force again: wall time, CPU time and peak memory.

    python -m benches.loading build/place 1000000

A project of its own, its PostgreSQL a real one with all its durability. The load runs in a process of its own, whose
peak memory is the kernel's figure; the CPU time is that process's and PostgreSQL's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benches import book, cpu
from duly.app import premises
from duly.run import clock, installation, load

_ROOT = Path(__file__).resolve().parents[1]
_MB = 1024  # the kernel counts in KiB
_TEN = datetime(2031, 11, 24, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

_INVENT = """
import sys, pathlib
from benches import book
book.a_project(pathlib.Path(sys.argv[1]), accounts=int(sys.argv[2]))
"""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What one load came to; `again_s` is how long the same files took a second time."""

    invent_s: float
    load_s: float
    cpu_s: float
    peak_mb: int
    again_s: float


def measure(place: Path, *, accounts: int) -> Loaded:
    """Measure in the folder `place`, which must not exist."""
    words = [sys.executable, "-m", "benches.loading", str(place), str(accounts)]
    environ = {name: value for name, value in os.environ.items() if name != installation.DATABASE_URL}
    done = subprocess.run(words, cwd=_ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return Loaded(**json.loads(done.stdout))


def _here(place: Path, accounts: int) -> Loaded:
    started = time.perf_counter()
    # In a process that ends: what inventing took of memory is no part of the load's peak.
    subprocess.run([sys.executable, "-c", _INVENT, str(place), str(accounts)], cwd=_ROOT, check=True)
    invented = time.perf_counter() - started
    with premises.opened(place, os.environ) as opened, opened.connect(patient=True) as connection:
        if opened.server is None:
            raise RuntimeError("the database of a bench is its own: unset DATABASE_URL")
        clock.advance_to(connection, _TEN)
        server = int((opened.server.lodging.data / "postmaster.pid").read_text("ascii").splitlines()[0])
        before, started = cpu.own() + cpu.of_tree(server), time.perf_counter()
        first = load.load(opened, connection, as_of=book.ON, by="bench")
        took, spent = time.perf_counter() - started, cpu.own() + cpu.of_tree(server) - before
        started = time.perf_counter()
        second = load.load(opened, connection, as_of=book.ON, by="bench")
        again = time.perf_counter() - started
    if not first.changed or second.changed or first.accounts != accounts:
        raise RuntimeError("this is not the load that was to be measured")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _MB
    return Loaded(invent_s=invented, load_s=took, cpu_s=spent, peak_mb=peak, again_s=again)


if __name__ == "__main__":
    print(json.dumps(asdict(_here(Path(sys.argv[1]), int(sys.argv[2])))))
