"""`duly status` and `duly doctor` show every brake, whether it holds or not; what is not durable is refused."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from duly.app import brakes, doctor, status
from duly.channels.answer import Fate
from duly.cli import commands
from duly.model.approval import Subject
from duly.model.party import Actor, Duty
from duly.run import day, watch
from duly.store import cluster, launcher
from tests.run import house as houses
from tests.run.house import ON, House
from tests.run.test_watch import gone, guard

CHEN = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}))
SET = """messages_per_day = 10000
messages_per_hour = 9
cost_per_day = "70.00"
persons_percent_per_run = 1
routes.main.messages_per_day = 8
"""
MORE = """
[trial]
canary = 3
phones = ["+8613900000001"]

[alarms]
sample = 10

[keeping]
days = 400
"""


@pytest.fixture
def braked(house: House) -> Iterator[House]:
    """The house with every brake set in duly.toml, approved, and its day planned under them."""
    houses.change(house.folder / "duly.toml", "messages_per_day = 10000\n", SET)
    with (house.folder / "duly.toml").open("a", encoding="utf-8") as file:
        file.write(MORE)
    with houses.reopened(house) as made:
        houses.approve_all(made.folder, made.opened, made.keys, parts=[Subject.SETTINGS])
        yield made


def look(house: House) -> status.Status:
    """What somebody sees."""
    return status.look(CHEN, house.folder, environ=house.environ)


def finding(house: House, what: str) -> doctor.Finding:
    """What the doctor says of one thing."""
    (found,) = [one for one in doctor.look(CHEN, house.folder, environ=house.environ) if one.what == what]
    return found


def test_all_is_quiet_where_nothing_holds(house: House) -> None:
    """No halt, no late feed, no run and no first part that waits; the day's ceiling is always there."""
    found = look(house)

    assert (found.halts, found.stale, found.runs, found.first_parts, found.phones) == ((), (), (), (), ())
    assert [(one.what, one.route, one.used, one.most) for one in found.ceilings] == [
        ("messages of the day", "", "0", "10000")
    ]
    assert {one.alarm for one in found.carriers} == {""}
    assert finding(house, "brake").sound


def test_every_brake_is_shown(braked: House) -> None:
    """A halt, a run out of the ordinary, its first part, our own phones, ceilings and what left."""
    row = braked.waiting()[0]
    halted = brakes.stop(
        CHEN, braked.folder, scope="stage", value=row.stage, reason="drill", environ=braked.environ
    )
    with contextlib.closing(braked.opened.connect("duly_planner")) as connection:
        braked.ask(
            "insert into disposition (day, key, version, outcome, code, at) select day, key, version, 'superseded',"
            " 'planned_again', duly_clock() from message"
        )
        made = day.record_plan(braked.opened, connection, day.make(braked.opened, connection), reason="again")
    braked.ask(
        "insert into seed values (%s, 'main', %s, %s, %s, %s, duly_clock(), 'w')",
        bytes(16), row.template_digest, row.notice, braked.opened.blind("+8613900000001"), bytes(32),
    )  # fmt: skip

    found = look(braked)

    assert [(one.number, one.scope, one.value) for one in found.halts] == [
        (halted.number, "stage", row.stage)
    ]
    assert [(one.number, one.messages, one.beyond, one.released) for one in found.runs] == [
        (made.number, made.messages, ("more of the book's people than persons_percent_per_run",), False)
    ]
    assert made.messages > 0
    assert {(one.route, one.messages, one.gone) for one in found.first_parts} == {("main", 3, 0)}
    assert [(one.notice, one.received, one.phones, one.attempts) for one in found.phones] == [
        (row.notice, 0, 1, 1)
    ]
    assert [(one.what, one.route, one.most) for one in found.ceilings] == [
        ("messages of the day", "", "10000"),
        ("cost of the day", "", "70.00"),
        ("messages of the day", "main", "8"),
        ("messages of the hour", "", "9"),
    ]


def test_what_left_is_counted_against_the_ceilings(braked: House) -> None:
    """Two messages under a plan of before, which had no first part."""
    braked.ask("insert into seed select k, 'main', t, 'n', %s, %s, duly_clock(), 'w' from (select distinct"
               " decode(md5(template_digest), 'hex') as k, template_digest as t from message) x",
               braked.opened.blind("+8613900000001"), bytes(32))  # fmt: skip
    going = gone(braked, 2)

    used = {(str(one.what), one.route): one.used for one in look(braked).ceilings}

    price = next(route.cost_micro for route in braked.opened.project.routes if route.name == "main")
    cost = price * sum(one.prepared.planned.billed for one in going)
    assert used["messages of the day", ""] == "2"
    assert used["cost of the day", ""] == f"{cost // 1_000_000}.{cost % 1_000_000 // 10_000:02d}"


def test_the_doctor_is_worried_by_a_halt_of_the_machine_and_not_by_one_of_a_person(house: House) -> None:
    """It says the reason, and who can end it."""
    brakes.stop(CHEN, house.folder, scope="all", value="", reason="drill", environ=house.environ)
    assert (finding(house, "brake").sound, finding(house, "brake").detail) == (True, "halts in force: 1")

    house.force("delete from halt")
    gone(house, 4, Fate.REFUSED_FINAL, "ESME_RINVDSTADR")
    guard(house, sample=4).look(house.connect("duly_worker"))

    found = finding(house, "brake")
    assert not found.sound
    assert "ESME_RINVDSTADR" in found.detail
    assert "duly resume" in found.remedy


def test_the_last_messages_of_a_route_are_shown_with_their_alarm(house: House) -> None:
    """As the machine sees them, before it halts."""
    gone(house, 4, Fate.REFUSED_FINAL, "ESME_RINVDSTADR")
    found = {one.route: one.lately for one in look(house).carriers}

    assert found["main"] == watch.Lately(
        answered=4, accepted=0, arrived=0, lost=0, throttled=0, stopped=0, refused={"ESME_RINVDSTADR": 4}
    )


def test_the_command_tells_the_same_in_json(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Halts, ceilings, carriers and the days that are made ahead."""
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    guard(house, sample=10).look(house.connect("duly_worker"))

    said = CliRunner().invoke(commands.app, ["status", "-p", str(house.folder), "--as", "chen.hao", "--json"])

    assert said.exit_code == 0, said.output
    told: dict[str, Any] = json.loads(said.stdout)
    assert told["halts"] == []
    assert told["stale_feeds"] == []
    assert [one["route"] for one in told["carriers"]] == [route.name for route in house.opened.project.routes]
    assert told["days"]["until"] == (ON + timedelta(days=watch.AHEAD)).isoformat()


# --- what a power cut may take


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
@pytest.mark.parametrize("value", ["on", "off"])
def test_the_doctor_refuses_a_server_that_forgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    """A server with the setting off is unsound, whoever turned it off; with it on it is sound."""
    monkeypatch.setitem(cluster.SETTINGS, setting, value)
    with (
        launcher.open(tmp_path / "postgres", sync=False) as server,
        psycopg.connect(server.url()) as connection,
    ):
        found = {one.what: one for one in doctor.durable(connection)}[setting]

    assert (found.sound, found.detail) == (value == "on", value)
    assert "power cut" in found.remedy


def test_a_database_that_answers_before_it_wrote_is_refused(house: House) -> None:
    """synchronous_commit is also a setting of one database: then too it is unsound."""
    assert finding(house, "synchronous_commit").sound
    name = house.url.partition("?")[0].rpartition("/")[2]
    house.ask(f"alter database {name} set synchronous_commit = off")

    found = finding(house, "synchronous_commit")

    assert (found.sound, found.detail) == (False, "off")
