"""duly.lock: the packs as they were reviewed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.project import digest, lock
from duly.project.lock import Locked

A, B = "a" * 64, "b" * 64


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,5}", fullmatch=True),
        st.builds(Locked, version=st.sampled_from(["1", "2026.11"]), sha256=st.sampled_from([A, B])),
        max_size=4,
    )
)
def test_what_is_written_is_read_back(packs: dict[str, Locked]) -> None:
    """Writing and reading are inverse, and the order of packs does not matter."""
    if not packs:
        return
    text = lock.write(packs)
    assert lock.read(text) == (packs, [])
    assert lock.write(dict(reversed(packs.items()))) == text


@pytest.mark.parametrize(
    ("locked", "pinned", "codes"),
    [
        ({"cn": Locked(version="1", sha256=A)}, {"cn": Locked(version="1", sha256=A)}, []),
        ({"cn": Locked(version="1", sha256=A)}, {"cn": Locked(version="1", sha256=B)}, ["lock.differs"]),
        ({"cn": Locked(version="1", sha256=A)}, {"cn": Locked(version="2", sha256=A)}, ["lock.differs"]),
        ({}, {"cn": Locked(version="1", sha256=A)}, ["lock.differs"]),
        ({"cn": Locked(version="1", sha256=A)}, {}, ["lock.extra"]),
    ],
)
def test_a_pack_that_is_not_the_one_reviewed_is_refused(
    locked: dict[str, Locked], pinned: dict[str, Locked], codes: list[str]
) -> None:
    """A changed byte or version, a pack never locked and one locked for nothing are each a problem."""
    assert [each.code for each in lock.compare(locked, pinned)] == codes


def test_a_digest_is_what_sha256sum_says(tmp_path: Path) -> None:
    """`sha256sum FILE… | sha256sum` in the project folder gives the digest that is approved."""
    files = {
        "templates/b/en/sms.txt": b"two\n",
        "templates/a/zh-CN/sms.txt": "一".encode(),
        "templates/é": b"",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    tool = shutil.which("sha256sum")
    assert tool is not None
    names = sorted(files, key=str.encode)
    listing = subprocess.run([tool, *names], cwd=tmp_path, capture_output=True, check=True).stdout
    assert digest.of_files(files) == hashlib.sha256(listing).hexdigest()
