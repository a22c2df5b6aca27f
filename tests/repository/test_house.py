"""House rules that no linter knows, each with an example that it rejects."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from strangers import roll
from strangers.roll import ROOT

PROGRAMS = Path(sys.executable).parent
LONGEST = 400


def _files(*patterns: str) -> list[Path]:
    """Files of the tree, without what was made or installed."""
    return sorted(
        file for pattern in patterns for file in ROOT.glob(pattern) if "__pycache__" not in file.parts
    )


def test_no_module_is_past_400_lines() -> None:
    """A longer file is where a design stopped."""
    lines = {
        str(file.relative_to(ROOT)): file.read_text("utf-8").count("\n") for file in _files("src/**/*.py")
    }

    assert {name: n for name, n in lines.items() if n > LONGEST} == {}


SQL = re.compile(
    r"""\s*(?:--[^\n]*\n\s*)*(?:
        select\b(?=.*\bfrom\b) | select\s+[\w.]+\s*\( | select\s+[\w.*]+\s*;?\s*$ | with\s+\w+\s+as\b | values\s*\(
        | insert\s+into\b | update\s+[\w.]+(?:\s+\w+)?\s+set\b | delete\s+from\b | copy\s+[\w.]+\s*[({]
        | (?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:table|index|function|role|trigger|schema|database|view)\b
        | truncate\b | lock\s+table\b | set\s+(?:local|session)\b
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
ASKING = frozenset({"execute", "executemany", "copy"})


def _sql_in(source: str) -> list[str]:
    """Statements in a module: every text that reads like one, and whatever is handed to a cursor as it stands."""
    tree = ast.parse(source)
    found = []
    says = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in says:
            text = _text(node)
            if text is not None and SQL.match(text):
                found.append(text)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING:
            found += [text for one in node.args[:1] if (text := _text(one)) is not None]
    return list(dict.fromkeys(found))


def _text(node: ast.expr) -> str | None:
    """What a literal says; a place that is filled in later reads as a word."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "x" for one in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@pytest.mark.parametrize(
    "code",
    [
        'rows = connection.execute("select duly_clock()")',
        '_LAST = """\nselect a.n\nfrom answer a\n"""',
        '_HOLD = "select 1 from batch for update"',
        '_OWN = "with held as (select 1) update batch set state = 1"',
        "_KEEP = f'INSERT INTO {table} VALUES (1)'",
        "cursor.copy(f'copy message ({columns}) from stdin')",
        'cursor.executemany("call something", rows)',
        "_END = '-- why\\n delete from hand_over'",
        "_GIVE = 'update batch b set worker = null'",
        "_WIPE = 'truncate message'",
    ],
)
def test_a_statement_in_a_module_is_seen(code: str) -> None:
    """Wherever it stands and however it is written; prose is none, even if it begins like one."""
    assert _sql_in(code)
    assert (
        _sql_in('"""Select rows from a file."""\nsay("Update the book; select a plan, delete what is old")')
        == []
    )


def test_statements_are_in_the_store_alone() -> None:
    """Elsewhere they go by the name they have in its sql folder, where PostgreSQL is asked whether it knows them."""
    store = ROOT / "src" / "duly" / "store"
    found = {
        str(file.relative_to(ROOT)): statements
        for file in _files("src/**/*.py")
        if store not in file.parents and (statements := _sql_in(file.read_text("utf-8")))
    }

    assert found == {}


SKIPS = re.compile(r"pytest\.(?:mark\.)?(?:skip|xfail|importorskip)|\bskipif\b|unittest\.skip")


def test_no_test_skips_itself() -> None:
    """A skipped test is a green that was not earned: a missing tool is a stranger, and is named."""
    assert SKIPS.search("@pytest.mark." + "skip" + "if(True)")
    skipping = [
        str(file.relative_to(ROOT))
        for file in _files("tests/**/*.py")
        if file != Path(__file__) and SKIPS.search(file.read_text("utf-8"))
    ]

    assert skipping == []


HOSTS = re.compile(r"(?:--index-url|--extra-index-url|--find-links|\"resolved\"|https?://)")


def test_locks_name_no_package_host() -> None:
    """Where packages come from is set by whoever installs them; the hashes say whether they are the right
    ones.
    """
    assert HOSTS.search('"resolved": "https://registry.example/smpp.tgz"')
    locks = _files("requirements/*.txt", "strangers/package*.json")

    assert len(locks) >= 3
    assert [file.name for file in locks if HOSTS.search(file.read_text("utf-8"))] == []


def test_every_locked_package_has_a_hash() -> None:
    """Installed with --require-hashes: nothing unknown gets in."""
    lock = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
    pinned = re.findall(
        r"^[a-z0-9._-]+(?:\[[a-z,]+\])?==\S+.*?(?=^[a-z0-9]|\Z)", lock, re.MULTILINE | re.DOTALL
    )

    assert len(pinned) > 40
    assert [block.split()[0] for block in pinned if "--hash=sha256:" not in block] == []


RAISES = re.compile(
    r"raise exception\s+'(?:[^']|'')*'((?:\s*,\s*[^;]*?)?)(?:\s+using\b[^;]*)?;", re.IGNORECASE
)
SAFE = re.compile(r"(?:tg_\w+|\w+_state|\w+_event)")


def _values_told(source: str) -> list[str]:
    """What RAISE puts into its sentences besides names of tables, operations, states and events."""
    told = []
    for found in RAISES.finditer(source):
        words = [word.strip() for word in found[1].split(",") if word.strip()]
        told += [word for word in words if not SAFE.fullmatch(word)]
    return told


def test_no_sentence_of_the_database_holds_a_value() -> None:
    """Its own sentences are shown and logged as they are, so they name tables and rules, never rows."""
    assert _values_told("raise exception 'no % here', new.phone;") == ["new.phone"]
    assert _values_told("raise exception '% is append-only', tg_table_name using errcode = 'P0001';") == []
    told = {
        file.name: values
        for file in _files("src/duly/store/migrations/*.sql")
        if (values := _values_told(file.read_text("utf-8")))
    }

    assert told == {}


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("drop table message;", "ban-drop-table"),
        ("alter table message add column c text not null;", "adding-required-field"),
        ("create index message_i on message (a);", "require-concurrent-index-creation"),
    ],
)
def test_squawk_refuses_a_migration_that_breaks_the_version_before(
    tmp_path: Path, statement: str, rule: str
) -> None:
    """What must wait for a `post` file, or needs another way, is found by our own configuration."""
    file = tmp_path / "0099_pre_planted.sql"
    file.write_text(statement + "\n", "utf-8")
    done = subprocess.run(
        [PROGRAMS / "squawk", "--reporter", "gcc", file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert rule in done.stdout


def test_the_roll_is_complete() -> None:
    """Each stranger says why it is there and how it is found and installed; names are given once."""
    strangers = roll.read()

    assert len({one.name for one in strangers}) == len(strangers)
    assert [one.name for one in strangers if not (one.why and one.probe and one.debian)] == []


def test_a_stranger_that_is_not_there_is_absent() -> None:
    """Neither a missing program nor one that fails is taken for present."""
    here, gone, failing = (
        roll.Stranger(name=name, why="", probe=probe)
        for name, probe in (
            ("here", ("true",)),
            ("gone", ("no-such-program-of-ours",)),
            ("failing", ("false",)),
        )
    )

    assert roll.absent((here, gone, failing)) == (gone, failing)


INNER = """
import pytest
@pytest.mark.stranger("tshark")
def test_with_a_stranger():
    assert False
def test_alone():
    assert True
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_without_its_stranger_a_test_is_left_out_and_the_stranger_is_named(
    tmp_path: Path, workers: list[str]
) -> None:
    """Not passed, not failed: deselected, and said at the end. With CI=true the run is refused."""
    nobody = tmp_path / "path"
    nobody.mkdir()
    (tmp_path / "test_inner.py").write_text(INNER, "utf-8")
    words = ["-m", "pytest", "-q", "-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), *workers]
    environment = {**os.environ, "PATH": str(nobody), "PYTHONPATH": str(ROOT)}

    def run(ci: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, *words, "--rootdir", str(tmp_path), str(tmp_path)],
            cwd=ROOT,
            env={**environment, "CI": ci},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, told = run("")
    assert code == 0, told
    assert "1 passed" in told
    assert "tshark: 1 test(s) not run" in told
    code, told = run("true")
    assert code == pytest.ExitCode.USAGE_ERROR, told
    assert "absent strangers: tshark" in told
