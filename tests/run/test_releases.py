"""A stage that two people release: they sign whom it goes to and how much it is, and only that leaves."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from duly import __main__ as program
from duly.app import approvals, plans
from duly.errors import NotAllowed, WrongUsage
from duly.model.approval import Lack, Limits, Subject
from duly.model.party import Actor, Duty
from duly.plan.release import Release
from duly.run import planned, releases, ruling
from duly.store import launcher
from tests.run import house as houses
from tests.run.house import ON, House

ANYBODY = Actor(name="anybody", duties=frozenset())


def held(folder: Path) -> None:
    """The first notice goes only to whom two people release; everything else is as it was."""
    houses.change(folder / "strategy.yaml", "every: 3d", "every: 3d\n        approval: two_people")
    # The author of the strategy may approve by his duties, so that it is his being the author that keeps him out.
    houses.change(folder / "duly.toml", 'duties = ["strategist"]', 'duties = ["strategist", "compliance"]')
    houses.change(folder / "channels.yaml", "port: 2775", f"port: {houses.free_port()}")


@pytest.fixture(scope="module")
def model(
    server: launcher.Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[houses.Model]:
    """A house of another strategy."""
    made = houses.build(tmp_path_factory.mktemp("held"), server, template, alter=held)
    yield made
    houses.drop(server, made.database)


@contextlib.contextmanager
def desk(house: House) -> Iterator[approvals.Desk]:
    """Where people sign."""
    with approvals.opened(ANYBODY, house.folder, environ=house.environ) as found:
        yield found


def sign(
    house: House,
    *people: str,
    stage: str = "first",
    limits: Limits | None = None,
    lifetime: timedelta = timedelta(days=7),
) -> list[Lack]:
    """These people sign the list of the stage, one after the other; what is lacking then."""
    left: list[Lack] = []
    with desk(house) as at:
        for name in people:
            found = approvals.approve(
                Actor(name=name, duties=house.opened.project.settings.people[name]),
                house.folder,
                Subject.STAGE,
                at,
                keys=house.keys,
                passphrase=houses.PASSPHRASE,
                nonce=os.urandom(16),
                lifetime=lifetime,
                limits=limits,
                stage=stage,
            )
            left = [one.lack for one in found.lacking]
    return left


def asked(house: House) -> Release:
    """The list that the plan of the day asked for."""
    with contextlib.closing(house.opened.connect()) as connection:
        (found,) = releases.of_day(connection, ON)
    return found.asked


def of_stage(house: House, stage: str = "first") -> list[planned.Planned]:
    """What waits in the outbox at a stage."""
    return [row for row in house.waiting() if row.stage == stage]


def accounts(rows: list[planned.Planned]) -> set[str]:
    """Of which accounts they speak."""
    return {account for row in rows for account in row.accounts}


# --- who releases


def test_without_a_release_the_stage_is_held_and_the_rest_leaves(house: House) -> None:
    """The plan keeps the list that it asks for, under one digest; the other stages are not kept back."""
    others = house.waiting()

    assert of_stage(house) == []
    assert others
    assert {line["destination"] for line in house.send()} == {
        house.number(row).removeprefix("+") for row in others
    }
    with desk(house) as at:
        assert [one.stage for one in at.lists] == ["first"]
    shown = plans.preview(ANYBODY, house.folder, on=None, locale="en", environ=house.environ)
    assert [(one.stage, one.digest) for one in shown.releases] == [("first", asked(house).digest)]


def test_one_approval_is_not_enough_and_two_are(house: House) -> None:
    """With the second everybody on the list is planned for again, and exactly they are written to."""
    listed = asked(house)

    assert sign(house, "zhao.min") == [Lack.PEOPLE]
    assert sign(house, "zhao.min") == [Lack.PEOPLE]  # twice the same person is one
    assert house.wakes() == []
    house.plan(reason="day")
    assert of_stage(house) == []
    assert sign(house, "chen.hao") == []
    assert {who for who, _ in house.wakes()} == {who for who, _, _, _ in listed.items}
    house.plan(persons=[who for who, _ in house.wakes()], reason="wake")
    rows = of_stage(house)

    assert rows
    assert {row.release for row in rows} == {listed.digest}
    assert accounts(rows) <= {account for _, account, _, _ in listed.items}
    house.keep_only(*rows)
    assert {line["destination"] for line in house.send()} == {
        house.number(row).removeprefix("+") for row in rows
    }
    assert {told.open["release"] for told in house.entries("permit")} == {listed.digest}
    signed = [told for told in house.entries("approval") if told.open["what"] == "stage"]
    assert {told.open["digest"] for told in signed} == {listed.digest}
    assert {told.committed["by"] for told in signed} == {"zhao.min", "chen.hao"}


def test_the_authors_approval_does_not_count(house: House) -> None:
    """Whoever wrote the strategy does not release what it says, whatever else he may do."""
    author = Actor(name="lin.yue", duties=house.opened.project.settings.people["lin.yue"])
    assert author.has(Duty.COMPLIANCE)

    with pytest.raises(NotAllowed, match="is the author"):
        sign(house, "lin.yue")
    assert sign(house, "zhao.min") == [Lack.PEOPLE]
    house.plan(reason="day")
    assert of_stage(house) == []


@pytest.mark.parametrize("bound", ["messages", "overdue_minor"])
@pytest.mark.parametrize("short", [0, 1])
def test_an_approval_covers_as_much_as_it_says(house: House, bound: str, short: int) -> None:
    """So many accounts and people, or such a sum: one less than it is, and it does not count."""
    listed = asked(house)
    most = {"messages": len(listed.items), "overdue_minor": listed.overdue_minor}[bound] - short
    sign(house, "zhao.min")

    lacking = sign(house, "chen.hao", limits=Limits(**{bound: most}))

    house.plan(reason="day")
    assert lacking == ([Lack.LIMITS, Lack.PEOPLE] if short else [])
    assert bool(of_stage(house)) == (not short)


# --- what is released


def test_an_account_that_came_after_the_approval_is_not_released(house: House) -> None:
    """What is new today was seen by nobody: it is held, on a list of its own, and the others leave."""
    listed = asked(house)
    new = listed.items[0]
    older = replace(listed, items=listed.items[1:])
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        ((plan,),) = connection.execute("select max(id) from day_plan").fetchall()
        releases.keep(connection, plan, [older])
    assert sign(house, "zhao.min", "chen.hao", stage=f"first@{older.digest[:8]}") == []

    house.plan(reason="day")

    rows = of_stage(house)
    assert rows
    assert new[1] not in accounts(rows)
    assert {row.release for row in rows} == {older.digest}
    with desk(house) as at:
        assert [one.items for one in at.lists] == [(new,)]


def test_who_paid_since_is_not_told_the_sum_of_before(house: House) -> None:
    """One fen less is owed: it is another sum than the one that was signed, and waits."""
    sign(house, "zhao.min", "chen.hao")
    _, account, _, minor = asked(house).items[0]
    house.pay(account, 1)

    house.plan(reason="day")

    assert account not in accounts(of_stage(house))
    assert of_stage(house)
    with desk(house) as at:
        assert {item[1:] for one in at.lists for item in one.items} == {(account, 1, minor - 1)}


def test_the_gate_asks_again_and_an_approval_ends(house: House) -> None:
    """In its last second the message may leave; with the second that it names it waits for people."""
    sign(house, "zhao.min", "chen.hao", lifetime=timedelta(hours=1))
    house.plan(reason="day")
    (row, *_) = of_stage(house)
    ((ends,),) = house.ask("select min(expires) from approval where subject = 'stage'")
    (ready,) = house.ready(row)

    assert isinstance(house.read_at(ends - timedelta(seconds=1), ready), ruling.Release)
    late = house.read_at(ends, ready)
    assert isinstance(late, ruling.Defer)
    assert late.code == "awaiting_release"
    house.move_to(ends)
    house.keep_only(row)
    assert house.send() == []
    house.plan(reason="day")
    assert of_stage(house) == []


@pytest.mark.parametrize("release", ["0" * 64, "another's"])
def test_a_message_of_an_unknown_list_does_not_leave(house: House, release: str) -> None:
    """Even with the planner's own mark: two people have to have signed the list that it names."""
    sign(house, "zhao.min", "chen.hao")
    house.plan(reason="day")
    (row, *_) = of_stage(house)
    other = asked(house) if release == "another's" else None
    name = release if other is None else replace(other, items=other.items[:1]).digest
    house.keep_only()
    (put,) = house.put(replace(row, version=row.version + 1, release=name))

    word = house.open_gate().judge(house.ready(put))

    assert (word.released, [one.code for one in word.deferred]) == ((), ["awaiting_release"])


def test_a_list_that_was_altered_in_the_database_releases_nothing(house: House) -> None:
    """The digest that was signed no longer says what is in it."""
    listed = asked(house)
    sign(house, "zhao.min", "chen.hao")
    told = json.loads(listed.said)
    told["items"] = [
        item if n else [item[0], item[1], item[2], item[3] + 1] for n, item in enumerate(told["items"])
    ]
    with pytest.raises(psycopg.Error, match="append-only"):
        house.ask("update release_list set said = said")
    house.ask("alter table release_list disable trigger release_list_is_append_only")
    house.ask("update release_list set said = %s", json.dumps(told, separators=(",", ":"), sort_keys=True))

    with contextlib.closing(house.opened.connect()) as connection:
        assert releases.standing(connection, rules=house.rules(), now=house.now()) == ()
    house.plan(reason="day")
    assert of_stage(house) == []


# --- which list


def test_which_list_is_meant_must_be_clear(house: House) -> None:
    """An unknown stage, one of which nothing waits, and an unknown digest are refused, and nothing is signed."""
    for name in ("firm", "nowhere", "first@ffffffff"):
        with pytest.raises(WrongUsage, match="nothing of the stage"):
            sign(house, "zhao.min", stage=name)
    listed = asked(house)
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        ((plan,),) = connection.execute("select max(id) from day_plan").fetchall()
        releases.keep(connection, plan, [replace(listed, currency="HKD")])
    with pytest.raises(WrongUsage, match="2 lists of the stage"):
        sign(house, "zhao.min")
    assert sign(house, "zhao.min", stage=f"first@{listed.digest[:6]}") == [Lack.PEOPLE]


def test_what_an_earlier_plan_of_the_day_asked_for_can_still_be_signed(house: House) -> None:
    """A payment came between two signatures: by its digest the second person signs what the first one did."""
    listed = asked(house)
    sign(house, "zhao.min")
    _, account, _, _ = listed.items[0]
    house.pay(account, 1)
    house.plan(reason="day")

    assert sign(house, "chen.hao") == [Lack.PEOPLE]
    assert sign(house, "chen.hao", stage=f"first@{listed.digest}") == []
    house.plan(reason="day")
    told = accounts(of_stage(house))
    assert told
    assert told <= {of for _, of, _, _ in listed.items} - {account}


def test_from_the_first_run_to_the_second_on_the_command_line(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run says what waits and what to type; two people type it, and the next run sends exactly that."""
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    listed = asked(house)
    (port,) = [one.smpp.port for one in house.opened.project.routes if one.smpp is not None]

    def duly(*words: str, who: str) -> dict[str, Any]:
        monkeypatch.setattr("sys.stdin", io.StringIO(houses.PASSPHRASE.decode() + "\n"))
        place = ["-p", str(house.folder), "--as", who, "--json"]
        code = program.run([*words, *place])
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == 0, answer
        return answer

    with houses.carrier_beside(house, port=port) as carrier:
        (left,) = duly("run", who="chen.hao")["left"]
        assert (left["reason"], left["which"], left["of"]) == ("awaiting_release", ["first"], "accounts")
        assert left["count"] == len({account for _, account, _, _ in listed.items})
        assert "`duly approve stage:first`" in left["remedy"]
        before = len(carrier.messages())
        for who in ("zhao.min", "chen.hao"):
            said = duly("approve", "stage:first", "--keys", str(house.keys), who=who)
            (row,) = said["approvals"]
            (shown,) = said["releases"]
            assert (row["part"], row["digest"]) == ("stage:first", listed.digest)
            assert shown["messages"] == len(listed.items)
            assert shown["overdue"] == {"minor": listed.overdue_minor, "currency": "CNY"}
        assert duly("run", who="chen.hao")["left"] == []
        assert len(carrier.messages()) > before
    ((other,),) = house.ask("select count(*) from message m join permit using (key) where m.stage <> 'first'")
    assert other > 0
    told = house.ask(
        "select distinct m.release from message m join permit using (key) where m.stage = 'first'"
    )
    assert told == [(listed.digest,)]
