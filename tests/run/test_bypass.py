"""Every way round the gate that can be tried from outside of it is tried, and fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from duly.app import doctor, doubts, proofs, story
from duly.channels import answer, base, inbound
from duly.model import permit
from duly.model.party import Actor
from duly.run import gate, planned
from tests.run import house as houses
from tests.run.house import ON, Air, House, instant, run

ANYBODY = Actor(name="anybody", duties=frozenset())
UNANSWERED = answer.Segment(fate=answer.Fate.UNANSWERED, reason="no answer")


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
        house.force("update message set mac = %s where key = %s", mark, fake.key)
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
    house.force(
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
            connection.execute("set local session_replication_role = replica")
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
    house.force(
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


def make_up(
    house: House, row: planned.Planned, *, attempt: int = 1, worker: str = "nobody", mac: bytes = bytes(32)
) -> None:
    """Somebody who may write as the gate writes a permit, but has not its key."""
    house.connect("duly_worker").execute(
        "insert into permit (day, key, attempt, version, person, route, worker, encoded_sha256, at, not_after, parts,"
        " verdict, entry, mac) values (%s, %s, %s, %s, %s, %s, %s, %s, duly_clock(), %s, 1, '{}',"
        " gen_random_uuid(), %s)",
        [ON, row.key, attempt, row.version, row.person, row.route, worker, bytes(32), row.not_after, mac],
    )


def copy_permit(house: House, row: planned.Planned, *, attempt: int, worker: str) -> None:
    """Somebody writes a real permit down once more, as if it were another attempt."""
    house.connect("duly_worker").execute(
        "insert into permit (day, key, attempt, version, person, route, worker, encoded_sha256, at, not_after, parts,"
        " verdict, entry, mac) select day, key, %s, version, person, route, %s, encoded_sha256, at, not_after, parts,"
        " verdict, entry, mac from permit where key = %s",
        [attempt, worker, row.key],
    )


def made_up(house: House) -> tuple[bool, str]:
    """What the doctor says of the permits."""
    found = {one.what: one for one in doctor.look(ANYBODY, house.folder, environ=house.environ)}
    return found["permits"].sound, str(found["permits"].detail)


def listed(house: House) -> list[tuple[str, str]]:
    """What is said to be in doubt, and why."""
    return [(one.message, one.reason) for one in doubts.listed(ANYBODY, house.folder, environ=house.environ)]


def test_a_permit_row_put_in_by_hand_is_nobodys_hand_over(house: House) -> None:
    """Neither the worker it names nor the next one hands anything over because of it, or doubts what never was."""
    one, _ = pair(house)
    house.keep_only()
    assert made_up(house) == (True, "permits that the gate did not give: 0")
    make_up(house, one)

    assert house.send() == []
    assert house.ask("select count(*) from answer") == [(0,)]
    assert house.entries("answer") == []
    assert made_up(house) == (False, "permits that the gate did not give: 1")
    assert listed(house) == [(one.key.hex(), "the gate did not give this permit")]


def test_a_permit_row_put_in_by_hand_holds_its_message_in_the_plan(house: House) -> None:
    """Whether something left by it the database cannot tell, so nothing is planned in its place: doubt holds."""
    one, other = pair(house)
    make_up(house, one)
    for row in (one, other):
        house.pay(row.accounts[0], 1, payment=f"T-{row.key.hex()}")

    house.plan(persons=[one.person, other.person])

    again = [row.key for row in house.versions() if row.version == 2]
    assert (one.key in again, other.key in again) == (False, True)


def test_only_what_the_gate_permitted_becomes_a_doubt(house: House) -> None:
    """The real permit of a worker that is gone does; one that bears its name does not, nor a copy of the real one."""
    one, other = pair(house)
    house.keep_only(one)
    assert len(house.open_gate(name="gone").judge(house.ready(one)).released) == 1
    make_up(house, other, worker="gone")
    copy_permit(house, one, attempt=2, worker="gone")

    assert house.send() == []
    assert house.ask("select key, attempt, outcome from answer") == [(one.key, 1, "unsure")]
    assert house.ask("select key from hand_over") == [(one.key,)]
    assert made_up(house) == (False, "permits that the gate did not give: 2")
    assert (one.key.hex(), "the worker ended between the permit and the answer") in listed(house)


def test_a_permit_made_up_after_the_real_one_hides_it_from_nobody(house: House) -> None:
    """Not from the gate, even if every other trace is removed, and not from a receipt or a late answer."""
    one, _ = pair(house)
    house.keep_only(one)
    (going,) = house.open_gate().judge(house.ready(one)).released
    house.settle((going, answer.Unsure(reason="no answer", segments=(UNANSWERED,))))
    make_up(house, one, attempt=2)

    accepted = answer.settle(
        [
            answer.Segment(fate=answer.Fate.ACCEPTED, remote_id=f"7{n}")
            for n in range(going.released.encoded.count)
        ]
    )
    assert isinstance(accepted, answer.Accepted)
    late = inbound.LateAnswer(message_key=one.key, answer=accepted, raw=b"late")
    house.hear(inbound.Inbound(route="main", raw=b"late", events=(late,)))
    assert house.ask("select attempt, n, outcome from answer order by n") == [
        (1, 1, "unsure"),
        (1, 2, "accepted"),
    ]
    house.force("delete from hand_over")
    word = house.open_gate().judge(house.ready(one))
    assert [drop.code for drop in word.dropped] == ["already_left"]
    assert house.ask("select key, attempt from hand_over") == [(one.key, 1)]


def test_a_permit_that_was_made_up_is_told_as_one(house: House) -> None:
    """`duly explain` does not call it a hand-over, and `duly genuine` knows of none."""
    one, other = pair(house)
    house.keep_only(one)
    make_up(house, one)
    assert len(house.open_gate().judge(house.ready(other)).released) == 1
    assert proofs.genuine(house.folder, one.code, environ=house.environ) is None
    assert proofs.genuine(house.folder, other.code, environ=house.environ) is not None

    told = story.tell(ANYBODY, house.folder, account=one.accounts[0], locale="en", environ=house.environ)

    said = [str(line.says) for line in told.lines if line.kind == "message"]
    assert said == [
        f"Somebody wrote a permit for {one.notice} by sms that the gate did not give; nothing left by it."
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
    house.force("delete from hand_over")
    house.force("delete from reservation")
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
    ("duly_planner", "update sent_of_day set messages = 0"),
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
    ("duly_worker", "delete from sent_of_day"),
    ("duly_worker", "insert into release_list select * from release_list"),
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
    "message": "code",
    "disposition": "code",
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
    house.keep_only(*house.waiting()[:2])
    assert house.send() != []
    house.hold(house.versions()[0].accounts[0])
    house.ask("insert into arm values ('P1', 'x', 'y', '2031-01-01')")
    for table, column in APPEND_ONLY.items():
        assert house.ask(f"select count(*) > 0 from {table}") == [(True,)]
        for part in parts_of(house, table):
            for statement in (f"update {part} set {column} = {column}", f"delete from {part}"):
                with pytest.raises(psycopg.Error, match="append-only"):
                    house.ask(statement)


def parts_of(house: House, table: str) -> list[str]:
    """A table, and the partition of the day if it has one."""
    day = f"{table}_{ON:%Y%m%d}"
    return [table, *(name for (name,) in house.ask("select relname from pg_class where relname = %s", day))]


def test_what_was_written_down_is_not_emptied(house: House) -> None:
    """TRUNCATE is seen by no trigger of a row: it is refused for each table, and for each day of it."""
    days = []
    for table in (*APPEND_ONLY, "hand_over", "reservation"):
        names = parts_of(house, table)
        days += names[1:]
        for part in names:
            with pytest.raises(psycopg.Error, match="is not emptied"):
                house.ask(f"truncate {part} cascade")

    assert days == [
        f"{table}_{ON:%Y%m%d}" for table in ("message", "disposition", "permit", "answer", "entry")
    ]


FREED: list[tuple[str | None, bool, bool]] = [
    # what is written of a hand-over; whether its trace may go, and whether it may count no more
    (None, False, False),
    ("accepted", False, False),
    ("unsure", False, False),
    ("refused", False, True),
    ("returned", True, True),
]


@pytest.mark.parametrize(("outcome", "leaves_again", "counts_no_more"), FREED)
def test_what_left_and_what_counts_is_kept_until_the_carrier_did_not_take_it(
    house: House, outcome: str | None, leaves_again: bool, counts_no_more: bool
) -> None:
    """The gate's own role may free a message, and a contact, once the answer that frees it is written, not before."""
    one, other = pair(house)
    assert len(house.open_gate().judge(house.ready(one, other)).released) == 2
    worker = house.connect("duly_worker")
    if outcome is not None:
        worker.execute(
            "insert into answer (day, key, attempt, outcome, at) values (%s, %s, 1, %s, duly_clock())",
            [one.day, one.key, outcome],
        )

    assert goes(worker, "delete from hand_over where key = %s", one.key) is leaves_again
    assert goes(worker, "delete from reservation where key = %s", one.key) is counts_no_more
    for table in ("hand_over", "reservation"):
        assert not goes(worker, f"delete from {table} where key = %s", other.key)
        assert not goes(
            house.connect(), f"update {table} set attempt = attempt + 1 where key = %s", other.key
        )


def goes(connection: psycopg.Connection[Any], statement: str, key: bytes) -> bool:
    """Whether the database does it; not because there is nothing to do."""
    try:
        return connection.execute(statement, [key]).rowcount > 0
    except psycopg.errors.RaiseException:
        return False


def test_a_doubt_that_ends_in_a_refusal_frees_its_contact(house: House) -> None:
    """It is the last word that counts, not the first: an answer that was unsure is freed by what came after it."""
    one, _ = pair(house)
    assert len(house.open_gate().judge(house.ready(one)).released) == 1
    worker = house.connect("duly_worker")
    for n, outcome in enumerate(("unsure", "refused"), start=1):
        assert not goes(worker, "delete from reservation where key = %s", one.key)
        worker.execute(
            "insert into answer (day, key, attempt, n, outcome, at) values (%s, %s, 1, %s, %s, duly_clock())",
            [one.day, one.key, n, outcome],
        )

    assert goes(worker, "delete from reservation where key = %s", one.key)
