"""Where a server of our own may live, and what it refuses to move into."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from duly.errors import DatabaseAway, DatabaseRefused
from duly.store import lodging, processes


def _point(asked: Path, owner: Path, home: Path) -> Path:
    asked.mkdir(parents=True, exist_ok=True)
    pointer = asked / lodging.POINTER
    pointer.write_text(json.dumps({"for": str(owner), "home": str(home)}), "utf-8")
    return pointer


def test_a_pointer_is_followed(tmp_path: Path) -> None:
    """The data are where the pointer says, whoever asks."""
    home = tmp_path / "home"
    home.mkdir()
    _point(tmp_path / "asked", tmp_path / "asked", home)

    assert lodging.find(tmp_path / "asked").home == home


def test_a_folder_that_was_moved_keeps_its_database(tmp_path: Path) -> None:
    """The folder it was made for is gone, so this is that folder; the pointer now says so."""
    home = tmp_path / "home"
    home.mkdir()
    pointer = _point(tmp_path / "moved", tmp_path / "before", home)

    assert lodging.find(tmp_path / "moved").home == home
    assert json.loads(pointer.read_text("utf-8"))["for"] == str(tmp_path / "moved")


def test_a_copy_of_a_folder_does_not_share_its_database(tmp_path: Path) -> None:
    """Two folders over one database would be two lenders in one book: refused, with both ways out."""
    home = tmp_path / "home"
    home.mkdir()
    _point(tmp_path / "first", tmp_path / "first", home)
    pointer = _point(tmp_path / "copy", tmp_path / "first", home)

    with pytest.raises(DatabaseRefused, match="is a copy of") as raised:
        lodging.find(tmp_path / "copy")
    assert str(pointer) in raised.value.remedy
    assert str(tmp_path / "first") in raised.value.remedy


def test_data_that_are_gone_are_not_replaced_by_empty_ones(tmp_path: Path) -> None:
    """An empty database where there was a full one would forget what was sent."""
    _point(tmp_path / "asked", tmp_path / "asked", tmp_path / "gone")

    with pytest.raises(DatabaseRefused, match="is gone"):
        lodging.find(tmp_path / "asked")


@pytest.mark.parametrize("kind", ["open folder", "link", "file"])
def test_a_place_prepared_by_somebody_else_is_refused(tmp_path: Path, kind: str) -> None:
    """In a public folder another user may have put something under our name."""
    user = lodging.find(tmp_path / "asked").user
    place = tmp_path / "place"
    if kind == "open folder":
        place.mkdir()
        place.chmod(0o755)
        os.chown(place, user.uid, user.gid)
    elif kind == "link":
        place.symlink_to(tmp_path)
    else:
        place.write_text("")

    with pytest.raises(DatabaseAway, match="is not a private folder"):
        lodging.make_private(place, user)


def test_a_private_folder_is_made_once(tmp_path: Path) -> None:
    """Making it twice finds the first, still private and the user's."""
    user = lodging.find(tmp_path / "asked").user
    for _ in range(2):
        lodging.make_private(tmp_path / "place", user)

    found = (tmp_path / "place").stat()
    assert (found.st_mode & 0o777, found.st_uid) == (0o700, user.uid)


@pytest.mark.stranger("lsof")
def test_without_proc_lsof_says_where_a_process_works(tmp_path: Path) -> None:
    """The answer is the same as that of /proc: for this folder, for another, and for a process that ended."""
    me = lodging.User(name="me", uid=os.geteuid(), gid=os.getegid(), lent=False)
    other = tmp_path / "other"
    other.mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], cwd=tmp_path, stdin=subprocess.PIPE) as process:
        for folder, works in ((tmp_path, True), (other, False)):
            assert processes._works_in_by_lsof(process.pid, folder) is works
            assert processes.works_in(process.pid, folder, me) is works
        process.kill()
        process.wait()
        assert processes._works_in_by_lsof(process.pid, tmp_path) is False
        assert processes.works_in(process.pid, tmp_path, me) is False


def test_a_dead_process_that_nobody_has_buried_does_not_live(tmp_path: Path) -> None:
    """A zombie keeps its id until its parent asks for it; in a container without init that may be for
    ever.
    """
    me = lodging.User(name="me", uid=os.geteuid(), gid=os.getegid(), lent=False)
    with subprocess.Popen(["true"], cwd=tmp_path) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert Path(f"/proc/{process.pid}/stat").read_text().split()[2] == "Z"
        assert processes.works_in(process.pid, tmp_path, me) is False
