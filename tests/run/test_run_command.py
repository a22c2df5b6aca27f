"""`duly run` as a person types it: it says what it waits for, ends by itself, and tells what it left and what to do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from duly import __main__ as program
from duly.app import brakes
from duly.model.approval import Subject
from duly.model.party import Actor, Duty
from tests.run import house as houses
from tests.run.house import House

CHEN = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}))


@pytest.fixture
def lender(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house whose carrier is looked for at a port of its own, as the approved channels.yaml says."""
    port = houses.free_port()
    houses.change(house.folder / "channels.yaml", "port: 2775", f"port: {port}")
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    with houses.reopened(house) as edited:
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[Subject.CHANNELS])
        yield edited


def port(lender: House) -> int:
    """Where its carrier is looked for."""
    (found,) = [route.smpp.port for route in lender.opened.project.routes if route.smpp is not None]
    return int(found)


def duly_run(lender: House, *words: str) -> int:
    """The exit code of the command."""
    return program.run(["run", "-p", str(lender.folder), "--as", "chen.hao", *words])


def halt(lender: House) -> int:
    """Chen stops everything."""
    return brakes.stop(
        CHEN, lender.folder, scope="all", value="", reason="a complaint", environ=lender.environ
    ).number


def numbers(lender: House) -> list[str]:
    """Every number that the outbox goes to, as the carrier sees it."""
    rows = lender.waiting()
    assert rows
    return sorted(lender.number(row).removeprefix("+") for row in rows)


def test_a_halted_run_names_the_halt_and_who_can_lift_it(
    lender: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence while it waits and in a table at the end; with --strict that is exit code 4."""
    number = halt(lender)
    waiting = len(lender.waiting()) + len(lender.waiting(route="mailbox"))
    begun = time.monotonic()

    with houses.carrier_beside(lender, port=port(lender)) as carrier:
        assert duly_run(lender, "--strict") == 4
        assert carrier.messages() == []

    said = capsys.readouterr()
    assert time.monotonic() - begun < 15
    assert f"halted by halt {number}: a complaint" in said.out
    assert f"Two people run `duly resume {number}`." in said.out
    assert re.search(rf"{waiting} +messages +halted by halt", said.out)
    assert f"Waiting: {waiting} messages: halted by halt {number}: a complaint." in said.err


def test_after_the_halt_a_second_run_sends_everything_once(
    lender: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was lost by the first, and nothing is said to be left by the second; a third finds nothing to do."""
    wanted, by_folder = numbers(lender), len(lender.waiting(route="mailbox"))
    number = halt(lender)
    with houses.carrier_beside(lender, port=port(lender)) as carrier:
        assert duly_run(lender, "--json") == 0
        (left,) = json.loads(capsys.readouterr().out)["left"]
        assert (left["reason"], left["which"], left["count"]) == (
            "halted",
            [str(number)],
            len(wanted) + by_folder,
        )
        lender.ask("update halt set resumed_at = now(), resumed_by = '{a,b}' where id = %s", number)
        for _ in range(2):
            assert duly_run(lender, "--json", "--strict") == 0
            assert json.loads(capsys.readouterr().out)["left"] == []
        assert sorted(carrier.messages()) == wanted


def test_without_its_carrier_a_run_ends_and_names_it(
    lender: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """After some seconds, with the route, the carrier's address and the remedy; what left by the folder left."""
    wanted = numbers(lender)
    begun = time.monotonic()

    assert duly_run(lender, "--json") == 0

    took = time.monotonic() - begun
    answer = json.loads(capsys.readouterr().out)
    (left,) = answer["left"]
    assert 5 <= took < 25
    assert (left["reason"], left["which"], left["count"]) == ("carrier_away", ["main"], len(wanted))
    assert f"127.0.0.1:{port(lender)} cannot be reached" in left["says"]
    assert "channels.yaml" in left["remedy"]
    assert answer["run"]["accepted"] > 0  # by the folder
    with houses.carrier_beside(lender, port=port(lender)) as carrier:
        assert duly_run(lender, "--strict") == 0
        assert sorted(carrier.messages()) == wanted


def test_a_wrong_password_is_told_from_a_carrier_that_is_away(
    lender: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not waited for."""
    monkeypatch.setenv("DULY_SMPP_PASSWORD", "wrong")
    with houses.carrier_beside(lender, port=port(lender)):
        assert duly_run(lender, "--json") == 0

    (left,) = json.loads(capsys.readouterr().out)["left"]
    assert left["reason"] == "carrier_refuses"
    assert "ESME_RINVPASWD" in left["says"]
    assert "password" in left["remedy"]


def test_a_run_without_its_approvals_names_the_parts(
    lender: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """One part: the very command; the run waits for nobody."""
    lender.ask("alter table approval disable trigger approval_is_append_only")
    lender.ask("delete from approval where subject = 'packs'")
    with houses.carrier_beside(lender, port=port(lender)) as carrier:
        assert duly_run(lender) == 0
        assert carrier.messages() == []

    said = capsys.readouterr().out
    assert "two people have not approved: packs" in said
    assert "Two people run `duly approve packs`." in said


def test_a_run_beyond_its_bounds_names_itself(lender: House, capsys: pytest.CaptureFixture[str]) -> None:
    """It is one of the things that two people approve."""
    houses.change(lender.folder / "duly.toml", "messages_per_run = 5000", "messages_per_run = 1")
    with houses.reopened(lender) as edited:
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[Subject.SETTINGS])
        rows = edited.waiting()[:2]
        for n, row in enumerate(rows):
            edited.pay(row.accounts[0], 1, payment=f"T-{n}")
    with houses.carrier_beside(lender, port=port(lender)):
        assert duly_run(lender, "--json") == 0

    answer = json.loads(capsys.readouterr().out)
    (run_left,) = [left for left in answer["left"] if "run" in left["which"]]
    assert (run_left["reason"], run_left["count"]) == ("awaiting_approval", 2)
    assert run_left["remedy"] == "Two people run `duly approve run`."
    assert answer["run"]["released"] is False


def test_when_a_feed_is_late_the_run_names_it(lender: House, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan holds everybody whom it would have told something, and says of how many accounts that is."""
    lender.ask("update feed_mark set as_of = as_of - 30 where feed = 'payments'")
    with houses.carrier_beside(lender, port=port(lender)) as carrier:
        assert duly_run(lender, "--json") == 0
        assert carrier.messages() == []

    answer = json.loads(capsys.readouterr().out)
    (left,) = [left for left in answer["left"] if left["of"] == "accounts"]
    assert (left["reason"], left["which"]) == ("feed_stale", ["payments"])
    assert left["count"] > 10
    assert "duly load" in left["remedy"]


def test_ctrl_c_ends_a_run_in_good_order(lender: House) -> None:
    """While it waits for a carrier: it tells what is left, loses nothing, and ends like every stopped command."""
    words = ["run", "-p", str(lender.folder), "--as", "chen.hao"]
    running = subprocess.Popen(
        [sys.executable, "-m", "duly", *words],
        env={**os.environ, **lender.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    first = running.stderr.readline()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)

    assert "Waiting:" in first
    assert running.returncode == program.STOPPED
    assert "the carrier of route main" in out
    assert "Traceback" not in err
    assert lender.ask("select count(*) from batch where state = 'claimed'") == [(0,)]
    wanted = numbers(lender)
    with houses.carrier_beside(lender, port=port(lender)) as carrier:
        assert duly_run(lender, "--strict") == 0
        assert sorted(carrier.messages()) == wanted


def test_in_chinese_too(
    lender: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is left and what to do is said in the language of the person."""
    monkeypatch.setenv("DULY_LANG", "zh-CN")
    number = halt(lender)
    with houses.carrier_beside(lender, port=port(lender)):
        assert duly_run(lender) == 0
    monkeypatch.setenv("DULY_LANG", "en")

    said = capsys.readouterr().out
    assert f"请由两个人分别运行 `duly resume {number}`。" in said
    assert "条消息" in said
    assert "messages" not in said
