"""Every way of being wrong, as a folder: what is changed in a new project, and exactly what is said.

`errors/<code>/change.yaml` lists replacements in the files of a project made by `duly init`, and
`errors/<code>/expected.txt` is what `duly check` prints then. A folder is named for the code it is about.
`python -m tests.golden.test_errors` writes what is printed now; read the difference before keeping it.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from datetime import datetime
from importlib import resources
from pathlib import Path

import pytest
import yaml

from duly import __main__ as program
from duly.app import check
from duly.model.party import Actor
from tests.app import folders

ERRORS = Path(__file__).parent / "errors"
CASES = sorted(path.parent.name for path in ERRORS.glob("*/change.yaml"))


def fresh(target: Path) -> Path:
    """A new project without its book, which `duly check` does not read."""
    skeleton = resources.files("duly") / "invent" / "folder" / "cn"
    with resources.as_file(skeleton) as source:
        shutil.copytree(source, target)
    check.accept_packs(Actor(name="test", duties=frozenset()), target)
    return target


def change(case: str, folder: Path) -> None:
    """Do to the project what the case says; for production every row in use is adopted but those it names."""
    steps = yaml.safe_load((ERRORS / case / "change.yaml").read_text(encoding="utf-8"))
    if case.startswith("production"):
        left = [step["unadopted"] for step in steps if "unadopted" in step]
        folders.adopt(folder, on=datetime.now().astimezone().date(), but=left)
    for step in steps:
        if "unadopted" in step:
            continue
        file = folder / step["file"]
        if step.get("remove"):
            file.unlink()
        elif "bytes" in step:
            file.write_bytes(bytes.fromhex(step["bytes"]))
        elif "text" in step:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step["text"], encoding="utf-8")
        else:
            before = file.read_text(encoding="utf-8")
            assert step["old"] in before, f"{case}: {step['old']!r} is not in {step['file']}"
            file.write_text(before.replace(step["old"], step["new"], 1), encoding="utf-8")


def said(folder: Path, *argv: str) -> tuple[int, str]:
    """Exit code and output of `duly check`."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = program.run(["check", "--project", str(folder), "--as", "lin.yue", *argv])
    return code, out.getvalue()


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One new project, copied for each case."""
    return fresh(tmp_path_factory.mktemp("golden") / "project")


@pytest.fixture
def project(pristine: Path, tmp_path: Path) -> Path:
    """A copy that a case may spoil."""
    return Path(shutil.copytree(pristine, tmp_path / "project"))


def test_a_new_project_has_no_problem(pristine: Path) -> None:
    """What the cases spoil is sound before."""
    code, shown = said(pristine)
    assert code == 0, shown
    assert "No problem found" in shown


@pytest.mark.parametrize("case", CASES)
def test_the_message_is_exactly_this(case: str, project: Path) -> None:
    """Place, line, what is wrong and what to do, word for word; and the code the folder is named for."""
    change(case, project)
    argv = ["--production"] if case.startswith("production") else []
    code, shown = said(project, *argv)
    assert code == 1
    assert shown == (ERRORS / case / "expected.txt").read_text(encoding="utf-8")
    assert f"[{case}]" in shown


def write() -> None:
    """Write down what is printed now."""
    with tempfile.TemporaryDirectory() as place:
        pristine = fresh(Path(place) / "pristine")
        for case in CASES:
            folder = Path(shutil.copytree(pristine, Path(place) / case))
            change(case, folder)
            argv = ["--production"] if case.startswith("production") else []
            (ERRORS / case / "expected.txt").write_text(said(folder, *argv)[1], encoding="utf-8")


if __name__ == "__main__":
    write()
