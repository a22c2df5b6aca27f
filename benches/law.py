"""The law read in columns, and one act at a time: CPU time for the acts of an invented night of a loan book.

    python -m benches.law cn | us

The columns are read in a process of their own with one thread: CPU seconds of several threads count their quarrels too.
Every reason is asked for: what permitted, what stands in the way, what is in doubt, and the next lawful instant.
The time in which the acts are made is not counted. The gate's own reading is measured in `chunks`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benches import night
from duly.law import columnar, decide, pack, values

CHINA, AMERICA = ("cn", "house"), ("us", "us-ma", "us-ny", "us-ny-nyc", "house")
COUNTRIES = {"cn": CHINA, "us": AMERICA}
ACTS, PLAIN = 1_000_000, 1_000
_ROUNDS = 3
_POLICY: values.Policy = {"cn-freq-04": 2}  # a number that the law leaves to the lender
_PLACES: dict[tuple[str, ...], night.Weighed] = {
    CHINA: (
        ((["CN"], ["Asia/Shanghai"]), 70),
        ((["CN", "CN-44-Shenzhen"], ["Asia/Shanghai"]), 30),
    ),
    AMERICA: (
        ((["US", "US-MA"], ["America/New_York"]), 50),
        ((["US", "US-NY", "US-NY-NYC"], ["America/New_York"]), 40),
        ((["US", "US-NY", "US-NY-NYC"], ["America/New_York", "America/Chicago"]), 5),
        ((["US", "US-MA"], []), 5),
    ),
}


def alone(country: str) -> int:
    """`acts_per_cpu_s` of a million acts, in a process of its own with one thread."""
    told = subprocess.run(
        [sys.executable, "-m", "benches.law", country],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"POLARS_MAX_THREADS": "1"},
        cwd=Path(__file__).resolve().parents[1],
    )
    return int(told.stdout)


def acts_per_cpu_s(names: tuple[str, ...], count: int) -> float:
    """Acts of one frame judged in a CPU second under the shipped packs, the median of a few rounds."""
    fallen = night.fall(count, places=_PLACES[names])
    reading = columnar.Reading(_law(names), _POLICY)
    spent = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        judged = reading.judge(fallen.acts, fallen.history)
        spent.append(time.process_time() - begun)
        told = set(judged["verdict"].unique())
        if told != {kind.value for kind in values.Kind}:
            raise RuntimeError(f"of the acts all are {', '.join(sorted(told))}: that is no night of a book")
    return count / statistics.median(spent)


def decide_us() -> float:
    """CPU microseconds of the plain reading for an act, the mean over many; each brings its own history."""
    fallen = night.fall(PLAIN, places=_PLACES[CHINA])
    law = _law(CHINA)
    happened = {str(person): rows for (person,), rows in fallen.history.group_by("person")}
    acts = [
        columnar.act_of(
            row, happened[row["person"]].iter_rows(named=True) if row["person"] in happened else (), _POLICY
        )
        for row in fallen.acts.iter_rows(named=True)
    ]
    begun = time.process_time()
    for act in acts:
        decide.decide(law, act)
    return (time.process_time() - begun) / len(acts) * 1_000_000


def _law(names: tuple[str, ...]) -> pack.Pack:
    """Shipped packs, joined."""
    found = []
    for name in names:
        one, problems = pack.load(pack.shipped(name))
        if one is None:
            raise RuntimeError(f"the shipped pack {name} cannot be read: {problems[0].what}")
        found.append(one)
    return pack.join(*found)


if __name__ == "__main__":
    print(round(acts_per_cpu_s(COUNTRIES[sys.argv[1]], ACTS)))
