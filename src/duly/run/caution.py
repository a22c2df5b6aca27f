"""Whom a recovery holds: everybody who may have been written to while nobody here knew of it.

They are held on all their accounts and without an end, because what they were told is not known: the next notice
might say it again. Two people end it, on a day on which nothing that left in the lost time counts against a cap.
Refuses to let the first halt go where it could not be told who they are, before the book was loaded anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.law import rules, terms
from duly.law.pack import Pack
from duly.model.account import HoldKind
from duly.model.said import say
from duly.run import clock, installation, locks, record, statement
from duly.store import connect, sql

_SQL = sql.load()
_MANY = 1000  # persons whose holds are written together


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """A recovery as it stands. `loaded`: a book was put in force since; `free_from`: the day its holds end."""

    number: int
    at: datetime
    everybody: bool
    halt: int
    halted: bool
    loaded: bool
    held: int
    free_from: date | None


def last(connection: psycopg.Connection[Any]) -> Recovery | None:
    """The last recovery of this database, if there ever was one."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["last_recovery"]).fetchone()
    if row is None:
        return None
    return Recovery(
        number=row["id"],
        at=row["at"],
        everybody=row["everybody"],
        halt=row["halt"],
        halted=row["resumed_at"] is None,
        loaded=row["loaded"],
        held=row["held"],
        free_from=row["free_from"],
    )


def hold(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    number: int,
    persons: Collection[str],
    now: datetime,
) -> None:
    """Hold everybody of these whom the recovery does not hold yet, on all accounts and without an end."""
    rows = connection.execute(
        _SQL["note_recovery_holds"], {"recovery": number, "persons": sorted(persons)}
    ).fetchall()
    _say_holds(opened, connection, number, sorted(row[0] for row in rows), now, since=opened.local_day(now))


def free(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    made: Recovery,
    *,
    since: date,
    by: Sequence[str],
) -> int:
    """End the holds of a recovery on a day; returns how many ended. `by` are the two who signed that."""
    with connect.transaction(connection):
        locks.take_book(connection)
        now = now_in(opened, connection)
        values = {"recovery": made.number, "ref": reference(made.number)}
        held = [row[0] for row in connection.execute(_SQL["held_by_recovery"], values)]
        told = connection.execute(
            _SQL["free_recovery"], {"recovery": made.number, "on_date": since, "by": list(by)}
        ).fetchone()
        if told is None:
            raise errors.WrongUsage(
                say("the holds of this recovery were ended already"), remedy=say("Nothing is left to do.")
            )
        _say_holds(opened, connection, made.number, held, now, since=since, lift=True)
    return len(held)


def refuse_unloaded(connection: psycopg.Connection[Any], number: int) -> None:
    """Raise NotAllowed where the halt of that number may not be lifted before the book was loaded anew.

    That is so where it could not be told who was written to: whoever came into the book in the lost time is known by
    the newest book alone.
    """
    made = last(connection)
    if made is not None and made.halt == number and made.everybody and not made.loaded:
        raise errors.NotAllowed(
            say("it is not known who was written to in the lost time"),
            remedy=say(
                "Load the newest book first, by `duly load`: everybody in it is held when this halt is lifted."
            ),
        )


def before_going_on(
    opened: installation.Installation, connection: psycopg.Connection[Any], number: int
) -> None:
    """Hold everybody in the book before the halt of that number is lifted, if it could not be told whom to hold."""
    made = last(connection)
    if made is None or made.halt != number or not made.everybody:
        return
    refuse_unloaded(connection, number)
    with connect.transaction(connection):
        locks.take_book(connection)
        everybody = [row[0] for row in connection.execute(_SQL["persons_known"])]
        hold(opened, connection, made.number, everybody, now_in(opened, connection))


def earliest(made: Recovery, opened: installation.Installation) -> date:
    """The first day on which nothing that left in the lost time counts against a cap any more."""
    return date.fromordinal(opened.local_day(made.at).toordinal() + longest_window(opened.project.law))


def longest_window(pack: Pack) -> int:
    """For how many days, at the most, a contact counts against a cap of the pack."""
    return max((_days(version.term) for rule in pack.rules for version in _enforced(rule)), default=0)


def reference(number: int) -> str:
    """What the book's events of a recovery are called, in front of the person."""
    return f"recovery {number}: "


def _say_holds(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    number: int,
    persons: Sequence[str],
    now: datetime,
    *,
    since: date,
    lift: bool = False,
) -> None:
    for start in range(0, len(persons), _MANY):
        some = list(persons[start : start + _MANY])
        opened.keys.create(some)  # for whoever is known from a plan of the lost time alone
        connection.execute(
            _SQL["hold_persons"],
            {
                "at": now,
                "kind": "hold_lifted" if lift else "hold_set",
                "persons": some,
                "on_date": since,
                "ref": reference(number),
                "source": statement.MACHINE,
            },
        )
        cases: dict[str, list[str]] = {}
        for person, case in connection.execute(_SQL["open_cases_of_persons"], {"persons": some}):
            cases.setdefault(person, []).append(case)
        opened.recorder.write(
            connection,
            [
                record.Fact(
                    kind="hold",
                    at=now,
                    person=person,
                    committed={
                        "person": person,
                        "change": "lifted" if lift else "set",
                        "hold": HoldKind.MANUAL.value,
                        "since": since,
                        "reason": f"recovery {number}: the database was put back from a backup",
                        "by": statement.MACHINE,
                    },
                    about=statement.about(cases.get(person, [])),
                )
                for person in some
            ],
        )


def _enforced(rule: rules.Rule) -> list[rules.Version]:
    return [version for version in rule.versions if version.status in rules.ENFORCED]


def _days(term: terms.Term) -> int:
    if isinstance(term, terms.Precedence):
        # What must not have happened before the act bars it while the wait runs.
        counts = () if term.must_exist or term.wait is None else (term.wait.days, term.wait.receipt)
        return sum(_at_most(count) for count in counts if count is not None) + bool(counts)
    if not isinstance(term, terms.Cap):
        return 0
    return {
        terms.Unit.CONSECUTIVE_DAYS: term.day_span,
        terms.Unit.CALENDAR_WEEK: 7 * term.n,
        terms.Unit.CALENDAR_MONTH: 31 * term.n,
        terms.Unit.HOURS: -(-term.n // 24) + 1,
    }[term.unit]


def _at_most(count: terms.Count) -> int:
    # Of business days no more than every second is one, but for a row of holidays longer than any that is known.
    return count.n if count.day_type is terms.DayType.CALENDAR else 2 * count.n + 14


def now_in(opened: installation.Installation, connection: psycopg.Connection[Any]) -> datetime:
    """The clock's instant, with its day ready to be written to."""
    now = clock.instant_of(connection)
    connection.execute(_SQL["ensure_day"], {"day": opened.local_day(now)})
    return now
