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
    row = connection.execute("select duly_clock()").fetchone()
    now: datetime = row[0] if row is not None else clock.wall()
    connection.execute(_SQL["ensure_day"], {"day": recorder.day_of(now)})
    return now
