"""The gate: whatever became known before the hand-over counts, and whatever comes later finds the message gone."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duly.app import brakes
from duly.errors import ClockAstray, NotAllowed
from duly.model.approval import Subject
from duly.model.party import Actor, Duty
from duly.run import clock, gate, load, planned, ruling
from tests.run import house as houses
from tests.run.house import ON, House, instant, run

CHEN = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}))


def first(house: House) -> planned.Planned:
    """One message over one account, alone in the outbox."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1 and one.stage == "first")
    house.keep_only(row)
    return row


# --- what became known since the plan


def paid(house: House, row: planned.Planned) -> None:
    """A payment becomes known."""
    house.pay(row.accounts[0], 1)


def bounced(house: House, row: planned.Planned) -> None:
    """A payment bounces."""
    house.pay(row.accounts[0], 1, sort="reversal")


def held(house: House, row: planned.Planned) -> None:
    """Somebody holds the account."""
    house.hold(row.accounts[0])


def freed(house: House, row: planned.Planned) -> None:
    """Somebody ends a hold."""
    house.hold(row.accounts[0], lift=True)


def stopped(house: House, row: planned.Planned) -> None:
    """The debtor says stop."""
    house.reply(row, "退订")


def misdialled(house: House, row: planned.Planned) -> None:
    """Somebody else answers."""
    house.reply(row, "Wrong number")


def said_paid(house: House, row: planned.Planned) -> None:
    """The debtor says that it is paid."""
    house.reply(row, "昨天已还清")


def loaded_anew(house: House, _: planned.Planned) -> None:
    """The core system sends its files again, and a contract number in them is another."""
    file = house.folder / "data" / "accounts.csv"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    header, cells = lines[0].split(","), lines[-1].split(",")
    cells[header.index("contract_no")] += "9"
    file.write_text("".join([*lines[:-1], ",".join(cells)]), "utf-8")
    with contextlib.closing(house.opened.connect()) as connection:
        assert load.load(house.opened, connection, as_of=ON, by="core").changed


News = Callable[[House, planned.Planned], None]
NEWS: list[tuple[News, str, str]] = [
    (paid, "paid_since", "payment"),
    (bounced, "debt_changed", "reversal"),
    (held, "held_since", "hold_set:manual"),
    (freed, "debt_changed", "hold_lifted:manual"),
    (stopped, "consent_changed", "consent:withdrawn"),
    (misdialled, "contact_changed", "contact_state:wrong_number"),
    (said_paid, "held_since", "hold_set:payment_in_flight"),
    (loaded_anew, "book_changed", ""),
]


@pytest.mark.parametrize(("news", "code", "fact"), NEWS, ids=lambda value: getattr(value, "__name__", ""))
def test_what_became_known_since_the_plan_stops_the_message(
    house: House, news: News, code: str, fact: str
) -> None:
    """Nothing reaches the carrier; the reason is kept, stands in the evidence, and the person is planned again."""
    row = first(house)
    news(house, row)

    assert house.send() == []
    assert house.ended(row) == ("dropped", code)
    ((kept,),) = house.ask("select fact from disposition where key = %s", row.key)
    assert (kept or "") == fact
    assert (row.person, "debt_changed") in house.wakes()
    (told,) = house.entries("expiry")
    assert told.committed["message"]["message"] == row.key.hex()
    assert told.committed["reason"] == f"{code} {fact}".strip()
    assert house.ask("select count(*) from permit") == [(0,)]
    assert house.ask("select count(*) from reservation") == [(0,)]


@pytest.mark.parametrize(("news", "code", "fact"), NEWS, ids=lambda value: getattr(value, "__name__", ""))
def test_what_becomes_known_after_the_hand_over_finds_the_message_gone(
    house: House, news: News, code: str, fact: str
) -> None:
    """It left, once: the permit came before the news in the order of the database, and stays."""
    row = first(house)
    taken = house.send()
    news(house, row)

    assert {line["destination"] for line in taken} == {house.number(row).removeprefix("+")}
    assert house.send() == []
    assert house.ended(row) is None
    assert house.ask("select outcome from answer where key = %s", row.key) == [("accepted",)]
    assert house.ask("select count(*) from reservation where key = %s", row.key) == [(1,)]
    ((permitted,),) = house.ask("select max(at) from permit")
    ((known,),) = house.ask(
        "select max(at) from (select at from book_event union select loaded_at from manifest where number > 1) x"
    )
    assert permitted < known


def test_a_payment_that_commits_late_is_not_overlooked(house: House) -> None:
    """Told before another and committed after it: its number is lower, and a plan made between saw only the other."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1 and one.stage == "first")
    other = next(one for one in house.waiting() if one.person != row.person)
    telling = house.connect("duly_worker")
    planning = threading.Thread(target=house.plan)
    house.pay(row.accounts[0], 1, payment="T-0")  # so that the plan writes the message anew
    with telling.transaction():
        house.pay(row.accounts[0], owed(row) - 1, by=telling)
        house.pay(other.accounts[0], 1, payment="T-2")
        planning.start()
        while planning.is_alive() and not house.someone_waits():
            planning.join(0.01)
    planning.join(30)

    assert house.number(row).removeprefix("+") not in {line["destination"] for line in house.send()}


def owed(row: planned.Planned) -> int:
    """What a message asks for."""
    minor = row.fields["overdue_minor"]
    assert isinstance(minor, int)
    return minor


# --- halts


@pytest.mark.parametrize(
    ("scope", "value", "known"),
    [
        ("all", lambda _: "", ()),
        ("creditor", lambda row: row.creditor, ("yunhe", "chenxi")),
        ("channel", lambda row: row.channel, ("email",)),
        ("route", lambda row: row.route, ("mailbox",)),
        ("stage", lambda row: row.stage, ("last", "first")),
        ("template", lambda row: row.notice, ("last_notice", "overdue_first")),
        ("template", lambda row: row.template_digest, ()),
    ],
)
def test_a_halt_keeps_what_it_covers_and_nothing_else(
    house: House, scope: str, value: Callable[[planned.Planned], str], known: tuple[str, ...]
) -> None:
    """It waits, undisposed of, to be looked at again within a second; a halt of something else lets it go."""
    row = first(house)
    other = next((one for one in known if one != value(row)), None)
    assert (other is None) == (not known)
    halted = halt(house, scope, value(row))

    (word,) = house.open_gate().judge(house.ready(row)).deferred

    assert word.code == "halted"
    assert word.until - house.now() <= timedelta(seconds=1)
    assert house.send() == []
    assert house.ended(row) is None
    assert house.entries("halt")[0].committed["reason"] == "drill"
    house.ask("update halt set resumed_at = now(), resumed_by = '{a,b}' where id = %s", halted.number)
    if other is not None:
        halt(house, scope, other)
    house.pass_by()
    assert house.send() != []


def test_a_halt_after_the_hand_over_comes_too_late(house: House) -> None:
    """What left, left; and it is neither sent again nor ended."""
    row = first(house)
    assert house.send() != []
    halt(house, "all", "")

    assert house.send() == []
    assert house.ask("select outcome from answer where key = %s", row.key) == [("accepted",)]


def halt(house: House, scope: str, value: str) -> brakes.Halt:
    """Chen stops something."""
    return brakes.stop(CHEN, house.folder, scope=scope, value=value, reason="drill", environ=house.environ)


# --- a later plan


def test_a_later_plan_supersedes_what_has_not_left(house: House) -> None:
    """One fen was paid: the message over the old sum never leaves, the one over the new sum does, once."""
    row = first(house)
    house.pay(row.accounts[0], 1)
    old = house.ready(row)
    house.plan(persons=[row.person])
    (new,) = [one for one in house.waiting() if one.key == row.key]

    word = house.open_gate().judge(old)

    assert word.released == ()
    assert [(drop.outcome, drop.code) for drop in word.dropped] == [("superseded", "planned_again")]
    assert house.ended(row) == ("superseded", "planned_again")
    assert (new.version, owed(new)) == (row.version + 1, owed(row) - 1)
    assert {line["destination"] for line in house.send()} == {house.number(row).removeprefix("+")}
    assert house.ask("select version, attempt from permit where key = %s", row.key) == [(2, 1)]


def test_a_later_plan_adds_nothing_for_what_has_left(house: House) -> None:
    """The same key planned again after the hand-over: no second message, whatever changed."""
    row = first(house)
    assert house.send() != []
    house.pay(row.accounts[0], 1)
    house.plan(persons=[row.person])

    assert [one for one in house.waiting() if one.key == row.key] == []
    assert house.send() == []


# --- approvals


def forget(house: House, subject: str, *names: str) -> None:
    """An approval was never given."""
    house.ask("alter table approval disable trigger approval_is_append_only")
    house.ask("delete from approval where subject = %s and name = any(%s)", subject, list(names))


def wanting(house: House, row: planned.Planned) -> str:
    """Nothing leaves, and this is what is said."""
    word = house.open_gate().judge(house.ready(row))
    assert (word.released, word.dropped) == ((), ())
    assert house.send() == []
    assert house.ended(row) is None
    house.pass_by()
    return word.deferred[0].code


@pytest.mark.parametrize("subject", houses.PARTS, ids=lambda part: str(part.value))
def test_without_the_second_approval_of_any_part_nothing_leaves(house: House, subject: Any) -> None:
    """One signature of two is missing, of whatever part; when it is there, the message leaves."""
    row = first(house)
    forget(house, subject.value, "chen.hao")

    assert wanting(house, row) == "awaiting_approval"
    houses.approve_all(house.folder, house.opened, house.keys, people=["wu.fang"], parts=[subject])
    assert house.send() != []


def test_one_person_signing_twice_is_one_person(house: House) -> None:
    """Two signatures of the same key do not make two people."""
    row = first(house)
    forget(house, "strategy", "chen.hao")
    houses.approve_all(house.folder, house.opened, house.keys, people=["zhao.min"], parts=[Subject.STRATEGY])

    assert wanting(house, row) == "awaiting_approval"


def test_an_approval_ends(house: House) -> None:
    """In its last second the message may leave; with the second that it names it may not."""
    row = first(house)
    forget(house, "templates", "zhao.min", "chen.hao")
    houses.approve_all(
        house.folder, house.opened, house.keys, parts=[Subject.TEMPLATES], lifetime=timedelta(hours=1)
    )
    ((ends,),) = house.ask("select distinct expires from approval where subject = 'templates'")
    (ready,) = house.ready(row)

    assert isinstance(house.read_at(ends - timedelta(seconds=1), ready), ruling.Release)
    late = house.read_at(ends, ready)
    assert isinstance(late, ruling.Defer)
    assert late.code == "awaiting_approval"
    house.move_to(ends)
    assert wanting(house, row) == "awaiting_approval"


@pytest.mark.parametrize("signature", ["noise", "of another", "of another part"])
def test_an_approval_written_by_hand_is_none(house: House, signature: str) -> None:
    """A row in the table without that person's signature over exactly this counts for nothing."""
    row = first(house)
    forget(house, "channels", "chen.hao")
    source = {
        "noise": "gen_random_uuid()::text::bytea || '0123456789012345678901234567'::bytea",
        "of another": "(select signature from approval where name = 'zhao.min' and subject = 'channels')",
        "of another part": "(select signature from approval where name = 'chen.hao' and subject = 'strategy')",
    }[signature]
    house.ask(
        "insert into approval (subject, digest, name, author, nonce, at, expires, signature)"
        " select subject, digest, 'chen.hao', author, decode('00112233445566778899aabbccddeeff', 'hex'),"
        f" at, expires, {source} from approval where name = 'zhao.min' and subject = 'channels'"
    )

    assert house.ask("select count(*) from approval where subject = 'channels'") == [(2,)]
    assert wanting(house, row) == "awaiting_approval"


def test_what_is_edited_after_its_approval_is_not_approved(house: House) -> None:
    """The oldest trick: a template is changed by one character, and the plan made with it waits for two people."""
    row = first(house)
    houses.change(house.folder / "templates" / row.notice / row.locale / "sms.txt", "请于", "请在")
    with houses.reopened(house) as edited:
        assert edited.plan().messages >= 1
        (new,) = [one for one in edited.waiting() if one.key == row.key]

        assert wanting(edited, new) == "awaiting_approval"
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[Subject.TEMPLATES])
        assert edited.number(new).removeprefix("+") in {line["destination"] for line in edited.send()}


@pytest.mark.parametrize(
    ("file", "old", "new", "part"),
    [
        ("duly.toml", "value = 2", "value = 9", Subject.SETTINGS),
        ("channels.yaml", "rate: 100", "rate: 99", Subject.CHANNELS),
        ("destinations.yaml", "what: 官方客服\n", "what: 客服\n", Subject.DESTINATIONS),
    ],
)
def test_what_is_edited_after_the_plan_does_not_judge_it(
    house: House, file: str, old: str, new: str, part: Subject
) -> None:
    """The plan was approved; the worker that is started on other numbers, routes or destinations was not."""
    row = first(house)
    houses.change(house.folder / file, old, new)
    with houses.reopened(house) as edited:
        assert wanting(edited, row) == "awaiting_approval"
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[part])
        assert edited.send() != []


def test_a_template_edited_after_the_plan_drops_the_message(house: House) -> None:
    """It says something else than what was planned: it is dropped, and the person planned again."""
    row = first(house)
    houses.change(house.folder / "templates" / row.notice / row.locale / "sms.txt", "请于", "请在")
    with houses.reopened(house) as edited:
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[Subject.TEMPLATES])

        assert edited.send() == []
        assert edited.ended(row) == ("dropped", "template_changed")
        assert edited.wakes() == [(row.person, "debt_changed")]


def test_a_run_beyond_its_bounds_waits_for_two_people(house: House) -> None:
    """Fewer messages than usual were allowed: the run is planned and not released."""
    row = first(house)
    houses.change(house.folder / "duly.toml", "messages_per_run = 5000", "messages_per_run = 1")
    with houses.reopened(house) as edited:
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[Subject.SETTINGS])
        edited.pay(row.accounts[0], 1)
        edited.pay(
            next(one for one in edited.versions() if one.person != row.person).accounts[0], 1, payment="T-2"
        )
        made = edited.plan()
        (new,) = [one for one in edited.waiting() if one.key == row.key]

        assert made.messages > 1
        assert not made.released
        edited.keep_only(new)
        assert wanting(edited, new) == "awaiting_approval"


# --- the life of a message, and quiet hours


def lasting(house: House, **changes: Any) -> ruling.Prepared:
    """A message that lives until the end of the next morning, but for what is changed."""
    row = first(house)
    longer = replace(
        row, version=row.version + 1, **{"not_after": instant(12, on=ON + timedelta(days=1)), **changes}
    )
    (put,) = house.put(longer)
    (ready,) = house.ready(put)
    return ready


def test_before_its_instant_a_message_waits(house: House) -> None:
    """A microsecond before `not_before` it is deferred to that instant; at that instant it leaves."""
    at = instant(11)
    ready = lasting(house, not_before=at)

    early = house.read_at(at - timedelta(microseconds=1), ready)

    assert isinstance(early, ruling.Defer)
    assert (early.code, early.until) == ("not_before", at)
    assert isinstance(house.read_at(at, ready), ruling.Release)


def test_after_its_life_a_message_expires(house: House) -> None:
    """At its last instant it leaves; a microsecond later it has expired."""
    at = instant(11)
    ready = lasting(house, not_after=at)

    assert isinstance(house.read_at(at, ready), ruling.Release)
    late = house.read_at(at + timedelta(microseconds=1), ready)
    assert isinstance(late, ruling.Drop)
    assert (late.outcome, late.code) == ("expired", "not_after_passed")


def test_a_message_whose_life_passed_in_the_queue_is_ended_with_its_evidence(house: House) -> None:
    """Nobody asked for it in time: it is expired, nothing leaves, and the log says so."""
    row = first(house)
    house.move_to(row.not_after + timedelta(seconds=1))

    assert house.send() == []
    assert house.ended(row) == ("expired", "not_after_passed")
    (told,) = house.entries("expiry")
    assert told.committed["message"]["message"] == row.key.hex()
    assert told.committed["reason"] == "not_after_passed"


@pytest.mark.parametrize(
    ("at", "may"),
    [
        (instant(8) - timedelta(microseconds=1) + timedelta(days=1), False),
        (instant(8) + timedelta(days=1), True),
        (instant(21, 59, 59), True),
        (instant(22), False),
    ],
)
def test_quiet_hours_begin_at_ten_and_end_at_eight(house: House, at: Any, may: bool) -> None:
    """On either side of both ends; held until eight, by the rule that says so."""
    ready = lasting(house)

    found = house.read_at(at, ready)

    if may:
        assert isinstance(found, ruling.Release)
    else:
        assert isinstance(found, ruling.Defer)
        assert (found.code, found.rule) == ("law", "cn-time-01")
        assert found.until == instant(8, on=ON + timedelta(days=1))


def test_the_gate_keeps_quiet_hours_by_its_own_clock(house: House) -> None:
    """One leaves in the last seconds of the evening; the other is taken up by the sender at eight, and not before."""
    early, late = [one for one in house.waiting() if len(one.accounts) == 1][:2]
    house.keep_only()
    noon = instant(12, on=ON + timedelta(days=1))
    (early,) = house.put(replace(early, not_after=noon, version=2))
    (late,) = house.put(replace(late, not_after=noon, version=2))
    (first_one,), (second_one,) = house.ready(early), house.ready(late)

    house.move_to(instant(21, 59, 56))
    assert len(house.open_gate().judge([first_one]).released) == 1
    house.move_to(instant(22))
    (waits,) = house.open_gate().judge([second_one]).deferred
    assert (waits.code, waits.rule, waits.until) == (
        "law",
        "cn-time-01",
        instant(8, on=ON + timedelta(days=1)),
    )
    assert house.send() == []
    assert house.ask("select distinct not_before from batch where state = 'queued'") == [(waits.until,)]
    house.move_to(waits.until)
    assert {line["destination"] for line in house.send()} == {house.number(late).removeprefix("+")}


# --- caps


def twice(house: House) -> tuple[planned.Planned, planned.Planned]:
    """Two messages to one person, of two creditors, in two batches, and nothing else."""
    rows = house.waiting()
    one, other = next(
        (a, b)
        for a in rows
        for b in rows
        if a.person == b.person and a.key < b.key and a.creditor != b.creditor
    )
    house.keep_only(one)
    (other,) = house.put(replace(other, version=other.version + 1))
    return one, other


def test_under_a_cap_of_one_the_second_gate_waits_for_the_first_and_then_holds(house: House) -> None:
    """Two gates judge one person at once: the second is kept out until the first has committed, and counts it."""
    one, other = twice(house)
    capped = house.rules(cn_freq_04=1)
    connection = house.connect("duly_worker")
    (left,), (right,) = house.ready(one), house.ready(other)
    words: list[gate.Word] = []

    def judge() -> None:
        words.append(house.open_gate(rules=capped, name="worker-2").judge([right]))

    second = threading.Thread(target=judge)
    with connection.transaction():
        first_word = house.open_gate(connection, rules=capped).judge([left])
        second.start()
        while not house.someone_waits():
            assert second.is_alive()
        assert words == []
    second.join(10)

    assert len(first_word.released) == 1
    (held,) = words[0].deferred or words[0].dropped
    assert (held.code, held.rule) == ("law", "cn-freq-04")
    assert words[0].released == ()
    assert house.ask("select count(*) from permit") == [(1,)]


def test_under_a_cap_of_two_both_leave(house: House) -> None:
    """The other side of the same boundary, by the same two gates."""
    one, other = twice(house)
    for row, name in ((one, "worker-1"), (other, "worker-2")):
        assert (
            len(house.open_gate(rules=house.rules(cn_freq_04=2), name=name).judge(house.ready(row)).released)
            == 1
        )


def test_in_one_chunk_the_first_counts_against_the_second(house: House) -> None:
    """The history of a chunk grows with what it released."""
    word = house.open_gate(rules=house.rules(cn_freq_04=1)).judge(house.ready(*twice(house)))

    assert len(word.released) == 1
    assert [one.rule for one in word.deferred] + [one.rule for one in word.dropped] == ["cn-freq-04"]


def test_two_workers_and_one_person_in_two_batches_one_message_leaves(house: House) -> None:
    """The whole way, with the cap in duly.toml: a batch for each of two routes, two senders at once, one hand-over."""
    one, other = twice(house)
    house.keep_only(one)
    (other,) = house.put(replace(other, version=other.version + 1, route="second"))
    houses.change(house.folder / "duly.toml", "value = 2", "value = 1")
    with houses.reopened(house) as edited:
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[Subject.SETTINGS])
        edited.add_route("second")

        async def story() -> list[str]:
            async with edited.on_air() as air:
                await asyncio.gather(air.send(), air.send("second"))
                return air.messages()

        assert run(story()) == [edited.number(one).removeprefix("+")]
    ((left,),) = house.ask("select key from permit")
    (kept,) = {one.key, other.key} - {bytes(left)}
    assert house.ended(one if kept == one.key else other) in {None, ("dropped", "law")}


# --- the feed and the clock


def test_when_the_payment_feed_is_late_nothing_leaves(house: House) -> None:
    """Two days old it is allowed to be, three days old it is not; the message waits for the feed."""
    ready = lasting(house, not_after=instant(12, on=ON + timedelta(days=5)))
    ((reaches,),) = house.ask("select as_of from feed_mark where feed = 'payments'")

    assert isinstance(house.read_at(instant(21, on=reaches + timedelta(days=2)), ready), ruling.Release)
    late = house.read_at(instant(8, on=reaches + timedelta(days=3)), ready)
    assert isinstance(late, ruling.Defer)
    assert late.code == "feed_stale"
    house.move_to(instant(8, on=reaches + timedelta(days=3)))
    assert house.send() == []
    assert house.ended(ready.planned) is None


NOON = instant(12)
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"database_wall": NOON + 2 * SECOND}, None),
        ({"database_wall": NOON + 2 * SECOND + TICK}, "differ by 2.0 s"),
        ({"database_wall": NOON - 2 * SECOND}, None),
        ({"database_wall": NOON - 2 * SECOND - TICK}, "differ by 2.0 s"),
        ({"database_wall": NOON - timedelta(hours=1)}, "differ by 3600.0 s"),
        ({"after": NOON + 9 * SECOND, "database_wall": NOON + 9 * SECOND}, None),
        ({"last_permit": NOON}, None),
        ({"last_permit": NOON + TICK}, "a permit was given at"),
    ],
)
def test_clocks_that_disagree_stop_everything(changes: dict[str, Any], says: str | None) -> None:
    """Two seconds apart they still agree, and a slow answer is no disagreement; time never runs back past a permit."""
    told: dict[str, Any] = {
        "now": NOON,
        "database_wall": NOON,
        "last_permit": None,
        "before": NOON,
        "after": NOON,
        **changes,
    }
    if says is None:
        clock.Clock().agree(**told)
        return
    with pytest.raises(ClockAstray, match=says):
        clock.Clock().agree(**told)


def test_when_time_runs_back_past_the_last_permit_nothing_leaves(house: House) -> None:
    """The offset was set back by hand, past the trigger that forbids it: the gate finds out and gives no permit."""
    row, later = [one for one in house.waiting() if len(one.accounts) == 1][:2]
    house.open_gate().judge(house.ready(row))
    with pytest.raises(Exception, match="only moves forward"):
        house.ask("update clock_offset set seconds = seconds - 60")
    house.ask("alter table clock_offset disable trigger clock_only_moves_forward")
    house.ask("update clock_offset set seconds = seconds - 60")

    with pytest.raises(ClockAstray, match="a permit was given at"):
        house.open_gate().judge(house.ready(later))

    async def story() -> list[dict[str, object]]:
        async with house.on_air() as air:
            air.keep_sending()
            await asyncio.sleep(0.3)
            return air.taken()

    assert run(story()) == []
    assert house.ask("select count(*) from permit") == [(1,)]


def test_a_real_database_has_no_virtual_clock(house: House) -> None:
    """Only what was made as invented has an offset, and what it was made as cannot be changed."""
    with pytest.raises(Exception, match="cannot be changed"):
        house.ask("update installation set invented = false")
    house.ask("alter table installation disable trigger installation_is_fixed")
    house.ask("update installation set invented = false")

    with pytest.raises(NotAllowed, match="only an invented database"):
        clock.advance_to(house.connect(), instant(20))


def test_a_person_who_was_erased_is_not_written_to_and_stops_nobody(house: House) -> None:
    """The key is destroyed: the message ends, its entry stands with nothing behind it, and the others leave."""
    erased, other = [row for row in house.waiting() if row.stage == "first"][:2]
    house.keep_only(erased, other)
    house.opened.keys.destroy([erased.person])

    assert {line["destination"] for line in house.send()} == {house.number(other).removeprefix("+")}
    assert house.ended(erased) == ("dropped", "person_erased")
    assert house.ask("select count(*) from entry where kind = 'expiry'") == [(1,)]
    assert house.ask("select count(*) from entry join vault.opening on entry = id where kind = 'expiry'") == [
        (0,)
    ]
