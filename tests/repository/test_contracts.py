"""The rules about imports and clocks refuse what they are there to refuse: each is shown one planted
offence.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from strangers.roll import ROOT

PACKAGE = ROOT / "src" / "duly"
PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its rules, in which to plant something."""
    shutil.copytree(PACKAGE, tmp_path / "src" / "duly", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _plant(copy: Path, where: str, code: str) -> None:
    """Append code to a module, which is made if it is missing."""
    file = copy / "src" / "duly" / where
    before = file.read_text("utf-8") if file.exists() else ""
    file.write_text(f"{before}\n{code}\n", "utf-8")


def _lint_imports(copy: Path) -> tuple[int, str]:
    done = subprocess.run(
        [PROGRAMS / "lint-imports", "--no-cache"],
        cwd=copy,
        env={"PYTHONPATH": str(copy / "src"), "PATH": str(PROGRAMS), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _broken(copy: Path) -> list[str]:
    code, told = _lint_imports(copy)
    broken = re.findall(r"^(.+) BROKEN(?: \(\d+ ignored imports?\))?$", told, re.MULTILINE)
    assert (code != 0) is bool(broken), told
    return broken


DOWN = "Imports point down, never up, never sideways"
PURE = "From plan down there is no network, no process, no database and no clock"
STORE = "The store and the evidence know the words of the trade and errors, nothing else"
CHANNEL = "A channel decides nothing: it knows words, wires and errors"
CARRIER = "The simulated carrier knows the wire and errors, nothing else"
EGRESS = "The way out of the machine knows errors and how to say them, nothing else"
VERIFIER = "The verifier runs alone: the standard library and cryptography"
DOOR = "Doors open on app alone (and speak in its words and errors)"


@pytest.mark.parametrize(
    ("where", "code", "broken"),
    [
        ("law/planted.py", "import duly.run", DOWN),
        ("model/planted.py", "import duly.plan", DOWN),
        ("law/planted.py", "import duly.book", DOWN),
        ("model/planted.py", "import duly.wire", DOWN),
        ("store/planted.py", "import duly.evidence", DOWN),
        ("project/planted.py", "import duly.invent", DOWN),
        ("errors.py", "import duly.model", DOWN),
        ("planted.py", "x = 1", DOWN),
        ("channels/planted.py", "import duly.plan", CHANNEL),
        ("store/planted.py", "import duly.wire", STORE),
        ("evidence/planted.py", "import duly.law", STORE),
        ("carrier/planted.py", "import duly.model", CARRIER),
        ("egress.py", "import duly.book", EGRESS),
        ("egress.py", "import duly.store", DOWN),
        ("cli/planted.py", "import duly.store", DOOR),
        ("evidence/verify.py", "import duly.errors", VERIFIER),
        ("evidence/verify.py", "import polars", VERIFIER),
        ("plan/planted.py", "import socket", PURE),
        ("law/planted.py", "from time import time", PURE),
        ("text/planted.py", "import subprocess", PURE),
        ("wire/planted.py", "import asyncio", PURE),
        ("book/planted.py", "import psycopg", PURE),
        ("model/planted.py", "import os", PURE),
    ],
)
def test_a_planted_import_breaks_its_contract(copy: Path, where: str, code: str, broken: str) -> None:
    """Without the plant the contract is kept, with it the contract is named."""
    _plant(copy, where, code)

    assert broken in _broken(copy)


def test_the_house_keeps_its_contracts(copy: Path) -> None:
    """So that each failure above is due to what was planted."""
    assert _broken(copy) == []


def test_no_contract_speaks_of_what_is_not_there() -> None:
    """A layer in brackets, or a source that is gone, would be a rule that guards nothing."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [name.strip() for row in rules[0]["layers"] for name in row.split("|")]
    sources = [name for rule in rules[1:] for name in rule["source_modules"]]
    files = (file.relative_to(PACKAGE).with_suffix("") for file in PACKAGE.rglob("*.py"))
    modules = {".".join(("duly", *file.parts)) for file in files}
    modules |= {name.removesuffix(".__init__") for name in modules}

    assert [name for name in layers if f"duly.{name}" not in modules] == []
    assert [name for name in sources if name not in modules] == []


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime\nnow = datetime.now()",
        "from datetime import UTC, datetime\nnow = datetime.now(tz=UTC)",
        "import datetime as d\nnow = d.datetime.utcnow()",
        "from datetime import date\ntoday = date.today()",
        "import datetime\ntoday = datetime.date.today()",
        "import time\nnow = time.time()",
        "from time import time_ns as clock\nnow = clock()",
    ],
)
@pytest.mark.parametrize(
    ("where", "refused"), [("plan", True), ("law", True), ("store", True), ("run", False)]
)
def test_the_clock_is_read_in_run_alone(copy: Path, code: str, where: str, *, refused: bool) -> None:
    """Below run the day and the moment are arguments, however the clock is spelt."""
    _plant(copy, f"{where}/planted.py", code)
    done = subprocess.run(
        [PROGRAMS / "ruff", "check", "--no-cache", "--select", "TID251", f"src/duly/{where}/planted.py"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("TID251" in done.stdout, done.returncode != 0) == (refused, refused), done.stdout


# Who may, in DESIGN.md section 4; and two that only look so or are the hand of one that may.
READERS = {"book/read.py", "book/snapshot.py", "book/incomings.py", "law/pack.py"}
ALLOWED = {
    "law/source.py": {"read_text"},  # reads one file of a pack for law/pack.py, with the place of each value
    "book/archive.py": {"open"},  # a member of a zip whose bytes book/read.py has read
    "book/blocks.py": {"read_csv"},  # from bytes that book/read.py has read
    "book/cells.py": {"read_parquet"},  # the same
    "plan/decision.py": {"write_parquet"},  # into memory: the bytes are the answer, and run/day.py keeps them
}
PURE_PACKAGES = ("model", "wire", "law", "book", "text", "plan")
FILE_WORDS = frozenset(
    [
        "open",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "unlink",
        "mkdir",
        "iterdir",
        "glob",
        "rglob",
        "read_csv",
        "scan_csv",
        "write_csv",
        "sink_csv",
        "read_parquet",
        "scan_parquet",
        "write_parquet",
        "sink_parquet",
        "read_ndjson",
        "scan_ndjson",
        "read_database",
        "read_database_uri",
    ]
)


def _file_calls(source: str) -> set[str]:
    called = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            called |= {name} & FILE_WORDS
    return called


def test_a_file_call_is_seen() -> None:
    """Both as a function and as a method."""
    source = "def f(p):\n    open(p)\n    return pl.scan_parquet(p.read_text())"

    assert _file_calls(source) == {"open", "scan_parquet", "read_text"}


def test_only_four_modules_below_plan_touch_files() -> None:
    """A decision depends on what was passed in, so it can be replayed."""
    touching = {}
    for package in PURE_PACKAGES:
        for file in (PACKAGE / package).rglob("*.py"):
            name = file.relative_to(PACKAGE).as_posix()
            calls = _file_calls(file.read_text("utf-8")) - ALLOWED.get(name, set())
            if calls and name not in READERS:
                touching[name] = calls

    assert touching == {}


def _imports(source: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _foreign(folder: Path, name: str) -> set[str]:
    """What a module of the folder needs, by way of its neighbours too, besides the two things it may have."""
    foreign, seen, waiting = set(), set(), [name]
    while waiting:
        file = folder / f"{waiting.pop()}.py"
        seen.add(file.stem)
        for needed in _imports(file.read_text("utf-8")):
            root, *rest = needed.split(".")
            neighbour = next((one for one in rest[1:2] if (folder / f"{one}.py").exists()), None)
            if root == "duly" and rest[0] == "evidence" and neighbour is not None:
                waiting += {neighbour} - seen
            elif root not in sys.stdlib_module_names and root != "cryptography":
                foreign.add(needed)
    return foreign


def test_the_verifier_needs_the_standard_library_and_cryptography(tmp_path: Path) -> None:
    """Who checks a bundle needs nothing else of ours than the verifier, and nothing else of anybody's."""
    (tmp_path / "planted.py").write_text(
        "import json\nfrom cryptography import x509\nfrom duly.evidence import near\nimport polars.io\n",
        "utf-8",
    )
    (tmp_path / "near.py").write_text(
        "from duly import errors\nfrom duly.evidence.planted import x\n", "utf-8"
    )

    assert _foreign(tmp_path, "planted") == {"duly.errors", "polars.io"}
    assert _foreign(PACKAGE / "evidence", "verify") == set()
