"""`duly approve` from the first key to the second signature, as people at two desks would do it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from duly import __main__ as program
from duly.store import launcher
from tests.app.folders import fresh, replace

WORDS = "correct horse battery staple\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with its own database."""
    return fresh(tmp_path / "project")


def test_two_people_approve_from_the_command_line(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keys are made and registered, the author is refused, two signatures suffice, an edit undoes them."""

    def duly(*argv: str, who: str) -> tuple[int, dict[str, object]]:
        monkeypatch.setattr("sys.stdin", io.StringIO(WORDS))
        place = ["--project", str(project), "--keys", str(tmp_path / who), "--as", who, "--json"]
        code = program.run(["approve", *argv, *place])
        return code, json.loads(capsys.readouterr().out)

    def lacking(said: dict[str, object], part: str) -> object:
        rows = said["approvals"]
        assert isinstance(rows, list)
        return next(row["lacking"] for row in rows if row["part"] == part)

    try:
        for who in ("zhao.min", "chen.hao"):
            code, said = duly("--new-key", who=who)
            assert code == 0
            assert isinstance(said["key"], dict)
            assert said["key"]["name"] == who
        code, said = duly("strategy", who="lin.yue")
        assert code == 4
        assert said["error"] == {
            "kind": "NotAllowed",
            "what": "lin.yue is the author and cannot approve it",
            "remedy": "Two other people have to.",
        }
        one, two = duly("strategy", who="zhao.min"), duly("strategy", who="chen.hao")
        assert lacking(one[1], "strategy") == ["1 of the 2 people it takes approved it"]
        assert lacking(two[1], "strategy") is None
        replace(project / "strategy.yaml", "every: 3d", "every: 2d")
        _, said = duly(who="lin.yue")
        assert lacking(said, "strategy") == ["0 of the 2 people it takes approved it"]
        assert lacking(said, "templates") == ["0 of the 2 people it takes approved it"]
        assert duly("everything", who="zhao.min")[0] == 2
    finally:
        launcher.stop(project / ".duly" / "postgres")
