"""Reading a folder: once, and nothing outside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from duly.errors import WrongUsage
from duly.project import contents


def _folder(root: Path) -> Path:
    (root / "templates" / "first" / "en").mkdir(parents=True)
    (root / "duly.toml").write_text("x = 1\n")
    (root / "templates" / "first" / "en" / "sms.txt").write_text("hello\n")
    (root / ".duly").mkdir()
    (root / ".duly" / "duly.toml").write_text("not ours\n")
    return root


def test_the_project_is_found_from_any_folder_inside_it(tmp_path: Path) -> None:
    """The nearest duly.toml upwards is the project."""
    root = _folder(tmp_path)
    assert contents.find(root / "templates" / "first") == root.resolve()


def test_outside_a_project_the_way_in_is_told(tmp_path: Path) -> None:
    """Wrong usage, with what to do."""
    with pytest.raises(WrongUsage, match=r"no duly\.toml") as caught:
        contents.find(tmp_path)
    assert "duly init" in caught.value.remedy


def test_only_the_files_of_a_project_are_read(tmp_path: Path) -> None:
    """Generated state and strangers' files are not the project."""
    root = _folder(tmp_path)
    (root / "notes.txt").write_text("mine")
    (root / "templates" / ".swp").write_text("an editor's")
    found, problems = contents.gather(root)
    assert problems == []
    assert sorted(found.files) == ["duly.toml", "templates/first/en/sms.txt"]


def test_a_link_out_of_the_folder_is_a_problem_and_not_read(tmp_path: Path) -> None:
    """A template must not be able to print a file of the machine."""
    root = _folder(tmp_path / "project")
    (tmp_path / "outside.txt").write_text("hunter2")
    (root / "templates" / "first" / "en" / "email.txt").symlink_to(tmp_path / "outside.txt")
    found, problems = contents.gather(root)
    assert [(each.code, each.file) for each in problems] == [("file.outside", "templates/first/en/email.txt")]
    assert "templates/first/en/email.txt" not in found.files


def test_a_file_too_large_is_a_problem(tmp_path: Path) -> None:
    """Both sides of the bound."""
    root = _folder(tmp_path)
    (root / "strategy.yaml").write_bytes(b"#" * contents.MAX_BYTES)
    assert contents.gather(root)[1] == []
    (root / "strategy.yaml").write_bytes(b"#" * (contents.MAX_BYTES + 1))
    assert [each.code for each in contents.gather(root)[1]] == ["file.large"]


def test_text_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    """A line pasted from a GBK editor is pointed at."""
    root = _folder(tmp_path)
    (root / "strategy.yaml").write_bytes(b"a: 1\nb: " + "晨".encode("gbk") + b"\n")
    found, _ = contents.gather(root)
    text, problems = found.text("strategy.yaml")
    assert text is None
    assert [(each.code, each.line) for each in problems] == [("file.encoding", 2)]


def test_a_byte_order_mark_is_not_text(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    root = _folder(tmp_path)
    (root / "strategy.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert contents.gather(root)[0].text("strategy.yaml") == ("a: 1\n", [])
