"""The tutorial is walked through, command by command, and says what it shows."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from strangers.roll import ROOT
from tests.conftest import Database
from tests.docs import walk

PAGE = ROOT / "docs" / "tutorial" / "first-week.md"
PORT = "27750"


def test_the_tutorial_is_what_happens(tmp_path: Path, database: Database) -> None:
    """Each command ends as the page says and says what the page shows, on a real PostgreSQL and real SMPP."""
    page = PAGE.read_text("utf-8")
    assert page.count(PORT) == 2, "the port is chosen in one place and shown in another"

    wrong = walk.walk(page.replace(PORT, str(_free_port())), home=tmp_path, environ=_reader(database.url))

    assert wrong == [], "\n\n".join(wrong)


def test_a_walk_sees_what_is_not_as_shown(tmp_path: Path) -> None:
    """An exit code, a line that is lacking, lines in another order, and a zero that is none are told."""
    page = """\
```console
$ export WHO=you
$ echo "hello $WHO, it is 2026-11-24 and 3 of 12 came"
hello …, it is 2027-01-01 and 8 of 9 came
$ printf 'a\\nb\\n'
b
a
$ echo 0 came
7 came
$ false
$ for one in 1 0 1; do
>   test $one = 1
> done
$ cd ..
$ (exit 3)
$ echo $?
3
```
"""
    wrong = walk.walk(page, home=tmp_path, environ={"PATH": os.environ["PATH"]})

    assert [one.split("\n")[:2] for one in wrong] == [
        ["$ printf 'a\\nb\\n'", "lacks the line 'a' in:"],
        ["$ echo 0 came", "lacks the line '7 came' in:"],
        ["$ false", "ended with 1:"],
        ["$ for one in 1 0 1; do", "  test $one = 1"],
    ]


def _reader(url: str) -> dict[str, str]:
    """The environment of a reader: duly on the path, a home, nothing of ours."""
    kept = {name: os.environ[name] for name in ("HOME", "TZ") if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**kept, "PATH": path, "LANG": "C.UTF-8", "DATABASE_URL": url}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
