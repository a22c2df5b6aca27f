"""`duly doubts` and `duly replies` as people at two desks type them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from duly import __main__ as program
from tests.run.house import PASSPHRASE, House
from tests.run.test_receipts import doubted


@pytest.fixture
def duly(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The program, run by somebody; its exit code and what it says in JSON."""
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)

    def typed(*argv: str, who: str, keys: bool = False) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr("sys.stdin", io.StringIO(PASSPHRASE.decode() + "\n"))
        place = ["--project", str(house.folder), "--as", who, "--json"]
        code = program.run([*argv, *place, *(["--keys", str(house.keys)] if keys else [])])
        return code, json.loads(capsys.readouterr().out)

    return typed


def test_a_doubt_is_listed_decided_and_signed(house: House, duly: Any) -> None:
    """By the first letters of its key, with a reason; the second person finds it by its digest."""
    (row,) = doubted(house)
    name = row.key.hex()[:8]

    code, said = duly("doubts", who="zhao.min")
    assert code == 0
    (shown,) = said["doubts"]
    assert (shown["message"], shown["route"]) == (row.key.hex(), "main")
    assert shown["age"].startswith("00:")

    decision = ("doubts", name, "--outcome", "refused", "--reason", "not in their list")
    code, said = duly(*decision, who="zhao.min", keys=True)
    assert (code, said["done"]) == (0, False)
    digest = said["digest"]

    _, said = duly("doubts", who="chen.hao")
    (waiting,) = said["decisions"]
    assert (waiting["digest"], waiting["reason"], waiting["by"]) == (digest, "not in their list", "zhao.min")

    code, said = duly("doubts", "--sign", digest[:10], who="chen.hao", keys=True)
    assert (code, said["done"], said["settled"]) == (0, True, 1)
    _, said = duly("doubts", who="chen.hao")
    assert (said["doubts"], said.get("decisions")) == ([], None)


@pytest.mark.parametrize(
    "argv",
    [
        ["abcdef"],
        ["--outcome", "refused"],
        ["abcdef", "--outcome", "lost", "--reason", "x"],
        ["abcdef", "--sign", "00"],
    ],
    ids=["no outcome", "no message", "no such outcome", "both"],
)
def test_what_is_no_decision_is_wrong_usage(house: House, duly: Any, argv: list[str]) -> None:
    """Said before any key is opened."""
    code, said = duly("doubts", *argv, who="zhao.min", keys=True)
    assert (code, said["error"]["kind"]) == (2, "WrongUsage")


def test_a_reply_is_listed_read_and_put_aside(house: House, duly: Any) -> None:
    """The list shows no text; reading it takes a reason."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.accept({row.key: "4711"}, row)
    house.reply(row, "我要投诉")

    _, said = duly("replies", who="chen.hao")
    (shown,) = said["replies"]
    assert (shown["meaning"], shown["person"]) == ("complaint", row.person)
    assert "投诉" not in json.dumps(shown, ensure_ascii=False)

    number = str(shown["number"])
    assert duly("replies", number, who="chen.hao")[0] == 2
    _, said = duly("replies", number, "--reason", "it is a complaint", who="chen.hao")
    assert said["reply"]["text"] == "我要投诉"
    assert duly("replies", number, "--done", "called back", who="chen.hao")[1]["seen"] == int(number)
    assert duly("replies", who="chen.hao")[1]["replies"] == []
    assert duly("replies", "--done", "x", who="chen.hao")[0] == 2
