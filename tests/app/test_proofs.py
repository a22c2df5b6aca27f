"""What is told of evidence where there is none yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from duly.app import proofs
from duly.errors import WrongUsage
from tests.app.folders import fresh


def test_an_empty_log_is_called_empty_and_not_broken(tmp_path: Path) -> None:
    """With the commands that write it; a log that has a checkpoint is the one to be checked."""
    folder = fresh(tmp_path / "project")
    with pytest.raises(WrongUsage, match="the log of this project is empty") as refused:
        proofs.log_of(folder)
    assert "`duly run`" in refused.value.remedy
    log = folder / ".duly" / "log"
    log.mkdir(parents=True)
    (log / "checkpoint").write_bytes(b"")
    assert proofs.log_of(folder) == log
