"""What a person or another system tells us of one account: a payment, a hold, the end of a hold.

Takes the same locks as the gate, so that the news is either seen before a hand-over or provably later.
Refuses to be told the same payment twice: its id is the lender's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from duly import errors
from duly.model import money
from duly.model.account import HoldKind
from duly.model.said import say
from duly.run import clock, locks, record, statement
from duly.store import connect, sql

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment or its reversal (`sort`), with the lender's id of it."""

    account: str
    payment: str
    amount: money.Money
    paid_on: date
    sort: str = "payment"


def pay(connection: psycopg.Connection[Any], payment: Payment, *, recorder: record.Recorder, by: str) -> bool:
    """Record a payment; False where it was known already. Raises WrongUsage for an unknown account."""
    if payment.amount.minor <= 0:
        raise errors.WrongUsage("a payment is more than nothing", remedy="A payment undone is a reversal.")
    with connect.transaction(connection):
        persons, cases = _whose(connection, payment.account)
        now = _now(connection, recorder)
        written = connection.execute(
            _SQL["book_event"],
            {
                "at": now,
                "kind": "reversal" if payment.sort == "reversal" else "payment",
                "person": None,
                "account": payment.account,
                "point": None,
                "amount_minor": payment.amount.minor,
                "on_date": payment.paid_on,
                "detail": "waiver" if payment.sort == "waiver" else None,
                "ref": payment.payment,
                "source": by,
            },
        ).fetchone()
        if written is None:
            return False
        fact = record.Fact(
            kind="payment",
            at=now,
            person=persons[0],
            committed={
                "payment": payment.payment,
                "sort": payment.sort,
                "paid_on": payment.paid_on,
                "amount_minor": payment.amount.minor,
                "currency": payment.amount.currency,
                "by": by,
            },
            about=statement.about(cases),
        )
        recorder.write(connection, [fact])
    return True


def hold(
    connection: psycopg.Connection[Any],
    *,
    account: str,
    kind: HoldKind,
    on: date,
    lift: bool,
    recorder: record.Recorder,
    by: str,
) -> None:
    """Set or lift a hold on an account, for everybody on it. Raises WrongUsage for an unknown account."""
    with connect.transaction(connection):
        persons, cases = _whose(connection, account)
        now = _now(connection, recorder)
        connection.execute(
            _SQL["book_event"],
            {
                "at": now,
                "kind": "hold_lifted" if lift else "hold_set",
                "person": None,
                "account": account,
                "point": None,
                "amount_minor": None,
                "on_date": on,
                "detail": kind.value,
                "ref": None,
                "source": by,
            },
        )
        fact = record.Fact(
            kind="hold",
            at=now,
            person=persons[0],
            committed={
                "person": persons[0],
                "change": "lifted" if lift else "set",
                "hold": kind.value,
                "since": on,
                "by": by,
            },
            about=statement.about(cases),
        )
        recorder.write(connection, [fact])


def hold_person(
    connection: psycopg.Connection[Any],
    *,
    person: str,
    kind: HoldKind,
    on: date,
    lift: bool,
    recorder: record.Recorder,
    by: str,
) -> None:
    """Set or lift a hold on a person, for all of his accounts. Raises WrongUsage for an unknown person.

    What a debtor answers holds him as a person; so it is ended as it was set.
    """
    with connect.transaction(connection):
        if not connection.execute(_SQL["accounts_of"], {"person": person}).fetchall():
            raise errors.WrongUsage(
                say("there is no person {person} in the book", person=person),
                remedy=say("Look at the id; `duly explain ACCOUNT` names the people of an account."),
            )
        locks.take(connection, locks.scopes(persons=[person]))
        cases = [row[0] for row in connection.execute(_SQL["open_cases_of"], {"person": person}).fetchall()]
        now = _now(connection, recorder)
        connection.execute(
            _SQL["book_event"],
            {
                "at": now,
                "kind": "hold_lifted" if lift else "hold_set",
                "person": person,
                "account": None,
                "point": None,
                "amount_minor": None,
                "on_date": on,
                "detail": kind.value,
                "ref": None,
                "source": by,
            },
        )
        fact = record.Fact(
            kind="hold",
            at=now,
            person=person,
            committed={
                "person": person,
                "change": "lifted" if lift else "set",
                "hold": kind.value,
                "since": on,
                "by": by,
            },
            about=statement.about(cases),
        )
        recorder.write(connection, [fact])


def still_held(connection: psycopg.Connection[Any], *, account: str, kind: HoldKind) -> tuple[str, ...]:
    """Who of an account is held for that reason as a person, which lifting a hold on the account does not end."""
    rows = connection.execute(_SQL["held_as_persons"], {"account": account, "detail": kind.value}).fetchall()
    return tuple(row[0] for row in rows)


def _whose(connection: psycopg.Connection[Any], account: str) -> tuple[list[str], list[str]]:
    persons = [row[0] for row in connection.execute(_SQL["liable_of"], {"accounts": [account]}).fetchall()]
    if not persons:
        raise errors.WrongUsage(
            f"there is no account {account} in the book",
            remedy="Look at its id; a new account comes with `duly load`.",
        )
    locks.take(connection, locks.scopes(persons=persons, accounts=[account]))
    cases = [row[0] for row in connection.execute(_SQL["open_cases_on"], {"account": account}).fetchall()]
    return persons, cases


def _now(connection: psycopg.Connection[Any], recorder: record.Recorder) -> datetime:
    now = clock.instant_of(connection)
    connection.execute(_SQL["ensure_day"], {"day": recorder.day_of(now)})
    return now
