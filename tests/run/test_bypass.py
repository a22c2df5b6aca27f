"""Every way round the gate that can be tried from outside of it is tried, and fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from duly.channels import answer, base
from duly.model import permit
from duly.run import gate, planned
from tests.run import house as houses
from tests.run.house import ON, Air, House, instant, run


def pair(house: House) -> tuple[planned.Planned, planned.Planned]:
    """Two messages to two people, and nothing else."""
    one, other = [row for row in house.waiting() if row.stage == "first"][:2]
    house.keep_only(one, other)
    return one, other


def numbers(house: House, *rows: planned.Planned) -> set[str]:
    """To whom these messages go, as the carrier sees it."""
    return {house.number(row).removeprefix("+") for row in rows}


def reached(lines: Sequence[dict[str, object]]) -> set[str]:
    """To whom segments went."""
    return {str(line["destination"]) for line in lines}


# --- rows


@pytest.mark.parametrize("mark", [b"", bytes(32), b"k" * 32], ids=["none", "zeros", "another key"])
def test_a_row_put_in_by_hand_is_no_message(house: House, mark: bytes) -> None:
    """Without the planner's mark it is dropped as forged, before anything of it is rendered; its neighbour leaves."""
    mine, victim = pair(house)
    fake = replace(victim, key=b"f" * 16, version=1, accounts=("A-nobody",), cases=("A-nobody/20311101",))
    house.put(fake, mark=b"x" * 32)
    if mark != b"k" * 32:
        house.ask("update message set mac = %s where key = %s", mark, fake.key)
    house.keep_only(mine, fake)

    assert reached(house.send()) == numbers(house, mine)
    assert house.ended(fake) == ("dropped", "forged")
    (told,) = house.entries("expiry")
    assert told.committed["message"]["message"] == fake.key.hex()
    assert told.committed["reason"] == "forged"
    assert house.ask("select count(*) from permit where key = %s", fake.key) == [(0,)]


def test_a_row_of_pure_invention_stops_nobody_else(house: House) -> None:
    """No such person, case, channel or figure: it is dropped, and what waits beside it leaves."""
    mine, victim = pair(house)
    fake = replace(
        victim,
        key=b"g" * 16,
        person="P-nobody",
        point="P-nobody-s1",
        channel="telepathy",
        notice="ransom",
        cases=("A-nobody/20311101",),
        accounts=("A-nobody",),
        fields={},
        act={},
    )
    house.put(fake, mark=b"x" * 32)
    house.ask(
        "update message set batch = (select batch from message where key = %s) where key = %s",
        mine.key,
        fake.key,
    )
    house.keep_only(mine, fake)

    assert reached(house.send()) == numbers(house, mine)
    assert house.ended(fake) == ("dropped", "forged")


CHANGES: list[tuple[str, Callable[[planned.Planned], object]]] = [
    ("person", lambda other: other.person),
    ("point", lambda other: other.point),
    ("value_key", lambda other: other.value_key),
    ("creditor", lambda _: "yunhe2"),
    ("stage", lambda _: "last"),
    ("class", lambda _: "required_by_law"),
    ("locale", lambda _: "en"),
    ("code", lambda other: other.code),
    ("cases", lambda other: list(other.cases)),
    ("accounts", lambda other: list(other.accounts)),
    ("fields", lambda other: json.dumps(dict(other.fields))),
    ("act", lambda other: json.dumps(dict(other.act))),
    ("template_digest", lambda _: "0" * 64),
    ("deadline_on", lambda _: ON),
    ("not_before", lambda _: instant(9)),
    ("not_after", lambda _: instant(23)),
    ("horizon", lambda _: 10**6),
    ("manifest", lambda _: "0" * 64),
    ("plan", lambda _: 2),
    ("parts", lambda _: 1),
    ("occurrence", lambda _: 9),
]


def test_whatever_is_changed_in_a_row_makes_it_forged(house: House) -> None:
    """Each column by itself, in a row that the planner marked; only the batch may be another."""
    _, other = pair(house)
    row = next(one for one in house.waiting() if one.key != other.key)
    judging = house.open_gate()
    house.ask(
        "insert into day_plan (day, reason, manifest, horizon, strategy_digest, templates_digest, packs_digest,"
        " destinations_digest, settings_digest, channels_digest, decisions_path, decisions_root, messages, sum_minor,"
        " at)"
        " select day, reason, manifest, horizon, strategy_digest, templates_digest, packs_digest, destinations_digest,"
        " settings_digest, channels_digest, decisions_path, decisions_root, messages, sum_minor, at from day_plan"
    )
    taken = {}
    connection = house.connect()
    for column, value in CHANGES:
        with connection.transaction(force_rollback=True):
            connection.execute(
                f'update message set "{column}" = %s where key = %s',
                [value(other), row.key],
            )
            (changed,) = [one for one in house.versions(connection) if one.key == row.key]
            ours, forged = judging.recognise([changed])
            taken[column] = ([one.key for one in ours], [drop.code for drop in forged])

    assert {column for column, found in taken.items() if found != ([], ["forged"])} == set()
    assert [one.key for one in judging.recognise([row])[0]] == [row.key]


PLAN_CHANGES = {
    "released": True,
    "strategy_digest": "0" * 64,
    "templates_digest": "0" * 64,
    "packs_digest": "0" * 64,
    "destinations_digest": "0" * 64,
    "settings_digest": "0" * 64,
    "channels_digest": "0" * 64,
    "messages": 1,
    "sum_minor": 1,
    "decisions_root": b"\0" * 32,
}


def test_a_plan_that_is_changed_unmakes_its_messages(house: House) -> None:
    """A run is called released, or its digests are put to ones that were approved: none of its messages is one."""
    houses.change(house.folder / "duly.toml", "messages_per_run = 5000", "messages_per_run = 1")
    with houses.reopened(house) as edited:
        edited.pay(edited.waiting()[0].accounts[0], 1)
        edited.pay(edited.waiting()[-1].accounts[0], 1, payment="T-2")
        made = edited.plan()
        assert not made.released
        connection, judging = edited.connect(), edited.open_gate()
        taken = {}
        for column, value in PLAN_CHANGES.items():
            with connection.transaction(force_rollback=True):
                connection.execute(f"update day_plan set {column} = %s where id = %s", [value, made.number])
                rows = [row for row in edited.versions(connection) if row.plan == made.number]
                taken[column] = (len(judging.recognise(rows)[0]), len(rows))

        assert {column for column, (ours, _) in taken.items() if ours} == set()
        assert {rows for _, rows in taken.values()} == {made.messages}
        assert len(judging.recognise(edited.versions())[0]) == len(edited.versions())


def test_a_changed_row_does_not_leave(house: House) -> None:
    """The whole way: another person's contact point in somebody's message."""
    one, other = pair(house)
    house.ask(
        "update message set point = %s, value_key = %s where key = %s", other.point, other.value_key, one.key
    )

    assert reached(house.send()) == numbers(house, other)
    assert house.ended(one) == ("dropped", "forged")


def test_a_contact_value_moved_to_another_person_is_not_used(house: House) -> None:
    """The vault's rows open only where they were sealed: the number of one cannot be given to another."""
    one, other = pair(house)
    house.ask(
        "update vault.contact set sealed = (select sealed from vault.contact where point = %s) where point = %s",
        other.point,
        one.point,
    )

    assert reached(house.send()) == numbers(house, other)
    assert house.ended(one) == ("dropped", "vault_altered")


def test_a_batch_moved_to_another_route_does_not_leave_by_it(house: House) -> None:
    """The permit is for the route that was planned: nothing is written into the other one."""
    one, _ = pair(house)
    house.keep_only(one)
    house.ask("update batch set route = 'mailbox'")

    async def story() -> answer.Answer | None:
        async with house.on_air() as air:
            await air.send("mailbox")
            assert air.taken() == []
        return None

    run(story())
    assert files(house) == []
    assert house.ask("select outcome, code from answer where key = %s", one.key) == [
        ("refused", "permit.other_route")
    ]


def files(house: House) -> list[Path]:
    """What lies in the folder of the e-mail route."""
    return sorted((house.folder / "outgoing-email").glob("*"))


# --- permits


def permitted(house: House, *rows: planned.Planned) -> list[gate.Going]:
    """The gate's word on rows that may leave."""
    word = house.open_gate().judge(house.ready(*rows))
    assert len(word.released) == len(rows)
    return list(word.released)


Trick = Callable[[House, planned.Planned, planned.Planned], tuple[list[base.Released], list[str | None]]]


def changed_text(
    house: House, one: planned.Planned, _: planned.Planned
) -> tuple[list[base.Released], list[str | None]]:
    """The text is changed after the gate."""
    (going,) = permitted(house, one)
    parts = going.released.encoded.parts
    other = base.Encoded.of((parts[0][:-1] + bytes([parts[0][-1] ^ 1]), *parts[1:]))
    claimed = replace(other, sha256=going.released.encoded.sha256)
    return [
        replace(going.released, encoded=other),
        replace(going.released, encoded=claimed),
    ], ["permit.other_bytes", "permit.other_bytes"]


def used_twice(
    house: House, one: planned.Planned, _: planned.Planned
) -> tuple[list[base.Released], list[str | None]]:
    """One permit, shown a second time."""
    (going,) = permitted(house, one)
    return [going.released, going.released], [None, "permit.used"]


def of_another(
    house: House, one: planned.Planned, other: planned.Planned
) -> tuple[list[base.Released], list[str | None]]:
    """Another message's permit."""
    (going,) = permitted(house, one)
    (ready,) = house.ready(other)
    return [
        replace(going.released, message_key=other.key),
        base.Released(message_key=other.key, encoded=ready.encoded, permit=going.released.permit),
    ], ["permit.other_message", "permit.other_message"]


def home_made(
    house: House, one: planned.Planned, _: planned.Planned
) -> tuple[list[base.Released], list[str | None]]:
    """A permit made without the key of the gate."""
    (ready,) = house.ready(one)
    made = permit.issue(
        b"k" * 32,
        message_key=one.key,
        encoded_sha256=ready.encoded.sha256,
        route=one.route,
        at=house.now(),
        not_after=one.not_after,
    )
    return [
        base.Released(message_key=one.key, encoded=ready.encoded, permit=made),
        base.Released(message_key=one.key, encoded=ready.encoded, permit=replace(made, mac=b"")),
    ], ["permit.forged", "permit.forged"]


def grown_old(
    house: House, one: planned.Planned, _: planned.Planned
) -> tuple[list[base.Released], list[str | None]]:
    """A permit kept until it is stale."""
    (going,) = permitted(house, one)
    house.pass_by(3)
    return [going.released], ["permit.stale"]


def read_from_the_table(
    house: House, one: planned.Planned, other: planned.Planned
) -> tuple[list[base.Released], list[str | None]]:
    """A permit row is only the memory of one: with what it holds, other bytes do not leave."""
    permitted(house, one)
    ((mac, at, not_after),) = house.ask("select mac, at, not_after from permit")
    (ready,) = house.ready(other)
    made = permit.Permit(
        message_key=other.key,
        encoded_sha256=ready.encoded.sha256,
        route=other.route,
        at=at,
        not_after=not_after,
        mac=bytes(mac),
    )
    return [base.Released(message_key=other.key, encoded=ready.encoded, permit=made)], ["permit.forged"]


TRICKS = [changed_text, used_twice, of_another, home_made, grown_old, read_from_the_table]


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__)
@pytest.mark.parametrize("route", ["main", "mailbox"])
def test_a_channel_writes_only_what_the_gate_released(house: House, trick: Trick, route: str) -> None:
    """Over SMPP and into the folder: nothing but the one permitted writing arrives, and the refusal is named."""
    one, other = house.waiting(route=route)[:2]

    async def story() -> tuple[list[answer.Answer], int]:
        async with house.on_air() as air:
            released, _ = found = trick(house, one, other)
            given = await channel(air, route).send(released)
            expected.extend(found[1])
            arrived = len(air.messages()) if route == "main" else len(files(house))
            return given, arrived

    expected: list[str | None] = []
    given, arrived = run(story())

    assert [getattr(one, "code", None) for one in given] == expected
    assert arrived == expected.count(None)


def channel(air: Air, route: str) -> base.Channel:
    """One of the worker's channels."""
    return next(one for one in air.worker.channels if one.route == route)


def test_a_permit_row_put_in_by_hand_is_not_sent_on(house: House) -> None:
    """Neither the worker it names nor the next one hands anything over because of it; it is shown as a doubt."""
    one, _ = pair(house)
    house.keep_only()
    house.ask(
        "insert into permit (day, key, attempt, version, person, route, worker, encoded_sha256, at, not_after, parts,"
        " verdict, entry, mac) values (%s, %s, 1, 1, %s, 'main', 'nobody', %s, duly_clock(), %s, 1, '{}',"
        " gen_random_uuid(), %s)",
        ON, one.key, one.person, bytes(32), one.not_after, bytes(32),
    )  # fmt: skip

    assert house.send() == []
    assert house.ask("select outcome, reason from answer where key = %s", one.key) == [
        ("unsure", "the worker ended between the permit and the answer")
    ]


# --- again


def test_what_left_is_not_sent_again_from_a_new_batch(house: House) -> None:
    """The same key, as a new version, with the planner's own mark: the sender does not even look at it."""
    one, _ = pair(house)
    house.keep_only(one)
    assert reached(house.send()) == numbers(house, one)
    (again,) = house.put(replace(one, version=one.version + 1))

    assert house.send() == []
    word = house.open_gate().judge(house.ready(again))
    assert word.released == ()
    assert [drop.code for drop in word.dropped] == ["already_left"]


def test_what_left_is_not_sent_again_when_its_trace_is_removed(house: House) -> None:
    """Somebody deletes the row that says it left and queues the batch again: the permit still says it."""
    one, _ = pair(house)
    house.keep_only(one)
    assert reached(house.send()) == numbers(house, one)
    house.ask("delete from hand_over")
    house.ask("delete from reservation")
    house.ask("update batch set state = 'queued', worker = null")

    assert house.send() == []
    assert house.ask("select key, attempt from hand_over") == [(one.key, 1)]
    assert house.ask(
        "select state from batch where id = (select batch from message where key = %s)", one.key
    ) == [("done",)]


def test_a_file_that_lies_there_is_not_written_over(house: House) -> None:
    """The message whose file is there was sent, by whoever it was; the file stays as it is."""
    one, other = house.waiting(route="mailbox")
    folder = house.folder / "outgoing-email"
    folder.mkdir(exist_ok=True)
    there = folder / f"{one.key.hex()}.json"
    there.write_text("mine", "utf-8")

    async def story() -> None:
        async with house.on_air() as air:
            await air.send("mailbox")

    run(story())
    assert there.read_text("utf-8") == "mine"
    assert {path.name for path in files(house)} == {there.name, f"{other.key.hex()}.json"}
    assert house.ask("select outcome from answer") == [("accepted",), ("accepted",)]


# --- the roles of the database

REFUSED: list[tuple[str, str]] = [
    ("duly_planner", "insert into permit select * from permit"),
    ("duly_planner", "insert into hand_over select * from hand_over"),
    ("duly_planner", "insert into answer select * from answer"),
    ("duly_planner", "insert into approval overriding system value select * from approval"),
    ("duly_planner", "update day_plan set released = true"),
    ("duly_planner", "update message set person = person"),
    ("duly_planner", "update halt set resumed_at = now()"),
    ("duly_worker", "insert into message select * from message"),
    ("duly_worker", "insert into day_plan overriding system value select * from day_plan"),
    ("duly_worker", "insert into approval overriding system value select * from approval"),
    ("duly_worker", "insert into person_key select * from person_key"),
    ("duly_worker", "update message set person = person"),
    ("duly_worker", "update day_plan set released = true"),
    ("duly_worker", "update permit set at = at"),
    ("duly_worker", "update halt set resumed_at = now()"),
    ("duly_worker", "update clock_offset set seconds = seconds"),
    ("duly_worker", "delete from permit"),
    ("duly_worker", "delete from answer"),
    ("duly_worker", "delete from entry"),
    ("duly_console", "insert into message select * from message"),
    ("duly_console", "insert into permit select * from permit"),
    ("duly_console", "select * from vault.person"),
    ("duly_auditor", "insert into permit select * from permit"),
    ("duly_auditor", "update halt set resumed_at = now()"),
    ("duly_auditor", "select * from vault.contact"),
]


def test_no_role_does_anothers_work(house: House) -> None:
    """The planner cannot release, the gate cannot plan, and nobody but the owner approves or resumes."""
    allowed = []
    for role, statement in REFUSED:
        connection = house.connect(role)
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            continue
        allowed.append((role, statement))

    assert allowed == []


APPEND_ONLY = {
    "permit": "at",
    "answer": "at",
    "entry": "at",
    "approval": "at",
    "book_event": "at",
    "stage_event": "why",
    "case_event": "event",
    "arm": "arm",
}


def test_what_was_written_down_is_not_changed(house: House) -> None:
    """Not even by the owner, while the trigger stands."""
    assert house.send() != []
    house.hold(house.versions()[0].accounts[0])
    house.ask("insert into arm values ('P1', 'x', 'y', '2031-01-01')")
    for table, column in APPEND_ONLY.items():
        assert house.ask(f"select count(*) > 0 from {table}") == [(True,)]
        for statement in (f"update {table} set {column} = {column}", f"delete from {table}"):
            with pytest.raises(psycopg.Error, match="append-only"):
                house.ask(statement)
