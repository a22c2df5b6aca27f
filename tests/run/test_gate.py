"""The gate: whatever became known before the hand-over counts, and whatever comes later finds the message gone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duly.app import brakes
from duly.errors import ClockAstray
from duly.model.account import HoldKind
from duly.model.party import Actor, Duty
from duly.project.settings import Policy
from duly.run import clock, gate, load, planned, ruling
from duly.store import connect
from tests.run import house as houses
from tests.run.house import ON, House, instant, run

CHEN = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}))
MANDATE = "duly.stop.manual"


def first(house: House) -> planned.Planned:
    """One message over one account, alone in the outbox."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1 and one.stage == "first")
    house.keep_only(row)
    return row


# --- what became known since the plan


def paid(house: House, row: planned.Planned) -> None:
    house.pay(row.accounts[0], 1)


def bounced(house: House, row: planned.Planned) -> None:
    house.pay(row.accounts[0], 1, sort="reversal")


def held(house: House, row: planned.Planned) -> None:
    house.hold(row.accounts[0])


def freed(house: House, row: planned.Planned) -> None:
    house.hold(row.accounts[0], lift=True)


def stopped(house: House, row: planned.Planned) -> None:
    house.answer(row, "退订")


def misdialled(house: House, row: planned.Planned) -> None:
    house.answer(row, "Wrong number")


def said_paid(house: House, row: planned.Planned) -> None:
    house.answer(row, "昨天已还清")


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
    """Told before another one and committed after it: its number is lower, and a plan made between saw only the other."""
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
