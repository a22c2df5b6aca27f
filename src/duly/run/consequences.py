"""What follows from a load that says otherwise than what was known: figures, cases, and notices that already left.

A notice of 3 November named 512.30; a payment of 1 November is loaded on the 5th; with it the notice would have named
112.30. Whoever loads is told, the evidence keeps it, and nobody has to find it out.
Refuses to change anything: the plan of the next hour starts from the book as it is now, and a person decides whether a
debtor is owed a word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly.book import changes, columns, events, snapshot, tolerance
from duly.book.columns import Book
from duly.book.mapping import Mapping as BookMapping
from duly.store import sql

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What is overdue, in minor units, and since how many days."""

    overdue_minor: int
    dpd: int


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A notice that left: what it named, and what it would have named by what is known now."""

    at: datetime
    notice: str
    stage: str
    channel: str
    currency: str
    named_minor: int
    would_minor: int


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """What changed of one account and what follows from it. `after` is None where the account is gone.

    `cases` are its open episodes, each with whether the account, as it stands now, is in arrears at all.
    """

    account: str
    currency: str
    changes: tuple[Mapping[str, object], ...]
    before: Figure
    after: Figure | None
    cases: tuple[tuple[str, bool], ...]
    notices: tuple[Notice, ...]

    def facts(self) -> dict[str, object]:
        """The same in plain words of JSON."""
        return {
            "currency": self.currency,
            "changes": [dict(one) for one in self.changes],
            "before": vars(self.before),
            "after": None if self.after is None else vars(self.after),
            "cases": [{"case": case, "in_arrears": owes} for case, owes in self.cases],
            "notices": [{**vars(one), "at": one.at.isoformat()} for one in self.notices],
        }


def find(
    connection: psycopg.Connection[Any],
    before: snapshot.Manifest | None,
    after: snapshot.Manifest,
    mapping: BookMapping,
) -> list[Consequence]:
    """What follows from putting `after` in the place of `before`, account by account."""
    if before is None:
        return []
    old, new = _touched(before, after)
    if old.accounts.is_empty():
        return []
    # What was told as it happened is in neither snapshot, or in one of them: only with the events are they compared.
    old, new = (_folded(connection, book, of) for book, of in ((old, before), (new, after)))
    found = changes.between(old, new, known_until=before.as_of)
    if found.is_empty():
        return []
    return _told(connection, found, old, new, mapping, on=after.as_of)


def record(connection: psycopg.Connection[Any], found: Sequence[Consequence], *, manifest: str) -> None:
    """Keep them beside the load, in its transaction."""
    if found:
        connection.execute(
            _SQL["record_consequences"],
            {
                "manifest": manifest,
                "numbers": list(range(1, len(found) + 1)),
                "accounts": [one.account for one in found],
                "kinds": [str(one.changes[0]["kind"]) for one in found],
                "facts": [_canonical(one.facts()) for one in found],
            },
        )


def fact(found: Sequence[Consequence]) -> dict[str, object]:
    """What the load's entry says of them: how many, and the digest of all they are."""
    kinds: dict[str, int] = {}
    for one in found:
        for change in one.changes:
            kinds[str(change["kind"])] = kinds.get(str(change["kind"]), 0) + 1
    told = _canonical([{"account": one.account, **one.facts()} for one in found])
    return {
        "accounts": len(found),
        "notices": sum(len(one.notices) for one in found),
        "kinds": dict(sorted(kinds.items())),
        "sha256": hashlib.sha256(told.encode()).hexdigest(),
    }


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _touched(before: snapshot.Manifest, after: snapshot.Manifest) -> tuple[Book, Book]:
    """Of both books the persons of every account that changed, range by range."""
    parts: list[tuple[Book, Book]] = []
    for span in after.ranges():
        old, new = snapshot.read(before, span), snapshot.read(after, span)
        found = changes.between(old, new, known_until=before.as_of).select("account").unique()
        if found.height:
            parts.append((_only(old, found), _only(new, found)))
    sides = [[part[side] for part in parts] for side in (0, 1)]
    return _joined(sides[0]), _joined(sides[1])


def _only(book: Book, accounts: pl.DataFrame) -> Book:
    kept = {
        name: frame.join(accounts, on="account", how="semi") if "account" in frame.columns else frame.clear()
        for name, frame in book.frames().items()
    }
    return Book(**kept)


def _joined(books: Sequence[Book]) -> Book:
    empty = columns.empty().frames()
    return Book(
        **{name: pl.concat([empty[name], *(book.frames()[name] for book in books)]) for name in empty}
    )


def _folded(connection: psycopg.Connection[Any], book: Book, of: snapshot.Manifest) -> Book:
    with connection.cursor(row_factory=dict_row) as cursor:
        happened = cursor.execute(
            _SQL["events_of_accounts"],
            {"after": of.as_of_event, "accounts": book.accounts["account"].unique().to_list()},
        ).fetchall()
    told = pl.DataFrame(
        {name: [row[name] for row in happened] for name in columns.EVENT},
        schema=dict(columns.EVENT),
        strict=False,
    )
    return events.fold(book, told)


def _told(
    connection: psycopg.Connection[Any],
    found: pl.DataFrame,
    old: Book,
    new: Book,
    mapping: BookMapping,
    *,
    on: date,
) -> list[Consequence]:
    accounts = found["account"].unique().sort().to_list()
    gone = found.filter(pl.col("kind") == "party_gone").select("account", "what")
    standing = _Standings(old, new, mapping, gone=frozenset(gone.iter_rows()))
    with connection.cursor(row_factory=dict_row) as cursor:
        cases = cursor.execute(_SQL["cases_open"], {"accounts": accounts}).fetchall()
        since = datetime.combine(_since(found, cases, on), time.min, UTC)
        told = cursor.execute(_SQL["notices_told"], {"accounts": accounts, "since": since}).fetchall()
    currencies = dict(old.accounts.select("account", "currency").unique().iter_rows())
    by_account = found.partition_by("account", as_dict=True)
    cases_of: dict[str, list[str]] = {}
    for row in cases:
        cases_of.setdefault(row["account"], []).append(row["case"])
    told_of: dict[str, list[Notice]] = {}
    for row in told:
        if (notice := standing.notice(row, by_account)) is not None:
            for account in row["accounts"]:
                told_of.setdefault(account, []).append(notice)
    made = []
    for account in accounts:
        after = standing.of(account, on, new=True)
        made.append(
            Consequence(
                account=account,
                currency=currencies[account],
                changes=tuple(_change(row) for row in by_account[(account,)].iter_rows(named=True)),
                before=standing.of(account, on, new=False) or Figure(overdue_minor=0, dpd=0),
                after=after,
                cases=tuple(
                    (case, after is not None and after.overdue_minor > 0)
                    for case in cases_of.get(account, ())
                ),
                notices=tuple(told_of.get(account, ())),
            )
        )
    return made


def _since(found: pl.DataFrame, cases: Sequence[Mapping[str, Any]], on: date) -> date:
    """From when on notices may have named what is otherwise now: of what is gone, since its case began."""
    undated = set(found.filter(pl.col("day").is_null())["account"].to_list())
    days = [day for day in found["day"].to_list() if day is not None]
    first: date = min([on, *days, *(row["opened_on"] for row in cases if row["account"] in undated)])
    return first - timedelta(days=1)  # a local day may begin the day before in UTC


def _change(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
        if name != "account" and value is not None
    }


class _Standings:
    """How accounts stood on a day, by what was known and by what is known now; each day reckoned once."""

    def __init__(
        self, old: Book, new: Book, mapping: BookMapping, *, gone: frozenset[tuple[str, str]]
    ) -> None:
        self._books = {False: old, True: new}
        self._gone = gone  # (account, person) that belong together no more
        self._mapping = mapping
        self._days: dict[tuple[date, bool], dict[str, Figure]] = {}

    def of(self, account: str, on: date, *, new: bool) -> Figure | None:
        """Of an account; None where the book has it no more."""
        if (on, new) not in self._days:
            reckoned = tolerance.standing(
                self._books[new],
                on,
                self._mapping.cures,
                tolerance_minor=self._mapping.tolerance_minor,
            )
            self._days[on, new] = {
                name: Figure(overdue_minor=overdue, dpd=dpd)
                for name, overdue, dpd in reckoned.select("account", "overdue_minor", "dpd").iter_rows()
            }
        return self._days[on, new].get(account)

    def notice(self, row: Mapping[str, Any], changed: Container[tuple[str]]) -> Notice | None:
        """A notice of which the amount would have been another; it may name the sum of several accounts.

        To somebody who is on an account no more nothing of it would have been named.
        """
        fields = row["fields"]
        named, told_on = fields.get("overdue_minor"), fields.get("as_of")
        if not isinstance(named, int) or not isinstance(told_on, str):
            return None
        day = date.fromisoformat(told_on)
        would = named
        for account in row["accounts"]:
            if (account,) in changed:
                then, now = self.of(account, day, new=False), self.of(account, day, new=True)
                now = None if (account, row["person"]) in self._gone else now
                would += (now.overdue_minor if now else 0) - (then.overdue_minor if then else 0)
        if would == named:
            return None
        return Notice(
            at=row["at"],
            notice=row["notice"],
            stage=row["stage"],
            channel=row["channel"],
            currency=str(fields.get("currency", "")),
            named_minor=named,
            would_minor=would,
        )
