"""The history of the system that was used before, read from its files and held against the book.

Pure but for the files. Every row is checked by itself as a feed's rows are, then against the people, accounts and
contact points that the book has; what names nobody whom we know is left out. A number leaves as its blind index.
Refuses to improve a row: what it does not say is not filled in, but for the number of somebody who has just the one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

import polars as pl

from duly.book import points, quarantine, read
from duly.book.columns import Book, Schema
from duly.book.mapping import FeedMapping
from duly.book.snapshot import Feed
from duly.errors import Problem
from duly.model.party import Channel
from duly.model.past import CONTACTS, NEEDS, PastKind, Result
from duly.model.said import say

# What is kept of a row; `number` is the blind index of the number or address.
ROW: Schema = {
    "source": pl.String(),
    "reference": pl.String(),
    "kind": pl.String(),  # model.past.PastKind
    "at": pl.Datetime("us", "UTC"),
    "day": pl.Date(),
    "person": pl.String(),
    "account": pl.String(),
    "channel": pl.String(),  # model.party.Channel
    "point": pl.String(),
    "number": pl.String(),
    "result": pl.String(),  # model.past.Result
    "notice": pl.String(),
    "text_ref": pl.String(),
    "arrival": pl.String(),  # model.notice.Grade
    "arrived_on": pl.Date(),
    "proof": pl.String(),  # model.past.Proof
    "proof_ref": pl.String(),
    "until": pl.Date(),
}

# A contact as the caps count it: one row for each person and account it was with and about.
CONTACT: Schema = {
    "source": pl.String(),
    "reference": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "person": pl.String(),
    "account": pl.String(),
    "number": pl.String(),
    "channel": pl.String(),
    "kind": pl.String(),  # attempt, conversation, message_sent
}

# Stands for a number that nobody recorded: it counts for person and account, and for no number.
NO_NUMBER = "not-recorded"

_LAST_SECOND = time(23, 59, 59)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The rows that may be kept (ROW), in the order of the files, with `file` and `line`; and those left out."""

    rows: pl.DataFrame
    quarantine: pl.DataFrame
    feed: Feed


@dataclass(frozen=True, kw_only=True)
class Whom:
    """Who is in the book and how they are reached: all of it that a history is held against."""

    accounts: pl.DataFrame
    contacts: pl.DataFrame


@dataclass
class _Rows:
    """The rows as they thin out."""

    feed: FeedMapping
    frame: pl.DataFrame
    bad: list[pl.DataFrame]

    def leave_out(self, wrong: pl.Expr, code: str, ours: str | None) -> None:
        rows = self.frame.filter(wrong.fill_null(value=False))
        if rows.is_empty():
            return
        theirs = {name: column for column, name in self.feed.columns.items()}
        shown = ours if ours is None or rows[ours].dtype == pl.String else None
        blamed = None if ours is None else theirs.get(ours, ours)
        self.bad.append(quarantine.note(rows, feed=self.feed.name, code=code, field=blamed, value=shown))
        self.frame = self.frame.filter(~wrong.fill_null(value=False))


def whom(books: Iterable[Book]) -> Whom:
    """Who is in a book that is read part by part."""
    accounts, contacts = [], []
    for book in books:
        accounts.append(book.accounts.select("person", "account", "liable"))
        contacts.append(
            book.contacts.select("person", "point", "channel", "value_key", "rank", "verified_on")
        )
    return Whom(accounts=pl.concat(accounts), contacts=pl.concat(contacts))


def load(
    root: Path,
    feed: FeedMapping,
    book: Whom,
    *,
    as_of: date,
    zone: str,
    calling_code: str,
    most_bad_ppm: int,
    blind: Callable[[str], str],
) -> tuple[Loaded | None, list[Problem]]:
    """The history in the files of `feed`; or None and every reason why not, as `read.load`.

    `zone` is where the clocks ran that the files do not name; `most_bad_ppm` the largest share of rows left out.
    """
    found, bad, stood, problems = read.alone(root, feed, as_of=as_of)
    if problems:
        return None, problems
    rows = _Rows(feed=feed, frame=found, bad=[bad])
    _alone(rows, as_of=as_of, zone=zone)
    _against(rows, book)
    _numbered(rows, book, calling_code=calling_code, blind=blind)
    left_out = pl.concat(rows.bad).sort("feed", "file", "line", "field", "code")
    count = left_out.unique(["file", "line"]).height
    if count * 1_000_000 > most_bad_ppm * max(stood.rows, 1):
        return None, [_too_many(feed, count, stood.rows), *quarantine.problems(left_out)]
    kept = rows.frame.select("file", "line", *(pl.col(name).cast(kind) for name, kind in ROW.items()))
    return Loaded(rows=kept, quarantine=left_out, feed=stood), []


def first_day(root: Path, feed: FeedMapping, *, as_of: date) -> date | None:
    """The earliest day that any row of the files speaks of; None where none can be read."""
    found, _, _, problems = read.alone(root, feed, as_of=as_of)
    if problems or found.is_empty():
        return None
    earliest = found["day"].min()
    return earliest if isinstance(earliest, date) else None


def contacts(rows: pl.DataFrame, book: Whom) -> pl.DataFrame:
    """CONTACT: what of `rows` (ROW) counts against the caps.

    One that names no person is with everybody liable on the account, one that names no account about all of the
    person's: whom a contact was with is not for us to choose.
    """
    counted = rows.filter(
        pl.col("kind").is_in([kind.value for kind in CONTACTS])
        & (pl.col("result").fill_null("") != Result.REFUSED.value)
    ).drop("file", "line", strict=False)
    parties = book.accounts.select("person", "account", "liable").unique()
    whole = counted.filter(pl.col("person").is_not_null() & pl.col("account").is_not_null())
    of_person = counted.filter(pl.col("account").is_null()).drop("account").join(parties, on="person")
    liable = parties.filter("liable")
    of_account = counted.filter(pl.col("person").is_null()).drop("person").join(liable, on="account")
    spoken = pl.col("kind") == PastKind.CONVERSATION.value
    spoken = spoken | (pl.col("result") == Result.ANSWERED.value).fill_null(value=False)
    kind = (
        pl.when(spoken)
        .then(pl.lit("conversation"))
        .when(pl.col("channel") == Channel.VOICE.value)
        .then(pl.lit("attempt"))
        .otherwise(pl.lit("message_sent"))
    )
    every = pl.concat([part.select(counted.columns) for part in (whole, of_person, of_account)])
    return (
        every.with_columns(kind=kind, number=pl.col("number").fill_null(NO_NUMBER))
        .select(pl.col(name).cast(dtype) for name, dtype in CONTACT.items())
        .sort("source", "reference", "person", "account")
    )


def _alone(rows: _Rows, *, as_of: date, zone: str) -> None:
    """What can be said of each row by itself: when it was, and whether it names what its kind needs."""
    again = pl.int_range(pl.len()).over("source", "reference") > 0
    rows.frame = rows.frame.with_columns(again=again)
    rows.leave_out(pl.col("again"), "duplicate", "reference")
    rows.leave_out(pl.col("zone").list.len() > 1, "zone", "zone")
    rows.leave_out(pl.col("day") > as_of, "happened_later", "day")
    rows.leave_out(pl.col("arrived_on") < pl.col("day"), "until", "arrived_on")
    rows.leave_out(pl.col("until") < pl.col("day"), "until", "until")
    for kind, needs in NEEDS.items():
        for name in needs:
            rows.leave_out((pl.col("kind") == kind.value) & pl.col(name).is_null(), "kind_needs", name)
    nobody, stop = pl.col("person").is_null(), pl.col("kind") == PastKind.OPT_OUT.value
    rows.leave_out(
        stop & nobody & pl.col("number").is_null() & pl.col("point").is_null(), "kind_needs", "person"
    )
    rows.leave_out(~stop & nobody & pl.col("account").is_null(), "nobody", None)
    rows.leave_out(pl.col("number").is_not_null() & pl.col("channel").is_null(), "kind_needs", "channel")
    rows.frame = _with_instant(rows.frame, zone)
    rows.leave_out(pl.col("at").is_null(), "time_impossible", "time")


def _with_instant(frame: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Adds `at`. Without a time it is the last second of the day, so that no cap ends too early."""
    frame = frame.with_columns(zone=pl.col("zone").list.first().fill_null(zone))
    clock = pl.when(pl.col("time").str.len_chars() == 5).then(pl.format("{}:00", "time")).otherwise("time")
    told = clock.str.to_time("%H:%M:%S", strict=False).fill_null(pl.lit(_LAST_SECOND))
    local = pl.col("day").dt.combine(told, "us")
    at = pl.lit(None, pl.Datetime("us", "UTC"))
    for name in frame["zone"].unique():
        here = local.dt.replace_time_zone(name, ambiguous="latest", non_existent="null")
        at = pl.when(pl.col("zone") == name).then(here.dt.convert_time_zone("UTC")).otherwise(at)
    return frame.with_columns(at=at)


def _against(rows: _Rows, book: Whom) -> None:
    """What can be said of each row by the book: whether it has these people, accounts and points."""
    for name, known, code in (
        ("account", book.accounts["account"], "account_unknown"),
        ("person", book.accounts["person"], "person_unknown"),
        ("point", book.contacts["point"], "point_unknown"),
    ):
        rows.leave_out(~pl.col(name).is_in(known.unique().implode()), code, name)
    parties = book.accounts.select("person", "account", party=pl.lit(value=True)).unique()
    rows.frame = rows.frame.join(parties, on=["person", "account"], how="left", maintain_order="left")
    both = pl.col("person").is_not_null() & pl.col("account").is_not_null()
    rows.leave_out(both & pl.col("party").is_null(), "not_a_party", "person")
    owners = book.contacts.select("point", owner="person")
    rows.frame = rows.frame.join(owners, on="point", how="left", maintain_order="left")
    rows.leave_out(pl.col("owner") != pl.col("person"), "point_unknown", "point")


def _numbered(rows: _Rows, book: Whom, *, calling_code: str, blind: Callable[[str], str]) -> None:
    """The blind index of each number, and the point of the book where there is one."""
    written = rows.frame.select("channel", "number").drop_nulls().unique()
    keys: list[tuple[str, str, str | None]] = []
    for channel, value in written.iter_rows():
        normal = points.normal(Channel(channel), value, calling_code=calling_code)
        keys.append((channel, value, None if normal is None else blind(normal)))
    schema = {"channel": pl.String(), "number": pl.String(), "index": pl.String()}
    indexed = pl.DataFrame(keys, schema=schema, orient="row")
    rows.frame = rows.frame.join(indexed, on=["channel", "number"], how="left", maintain_order="left")
    rows.leave_out(pl.col("number").is_not_null() & pl.col("index").is_null(), "value", "number")
    known = book.contacts.select("point", at_point="value_key")
    single = (
        book.contacts.sort("rank", "point")
        .group_by("person", "channel", maintain_order=True)
        .agg(only="value_key", points=pl.len())
        .filter(pl.col("points") == 1)
        .select("person", "channel", only=pl.col("only").list.first())
    )
    contact = pl.col("kind").is_in([kind.value for kind in CONTACTS])
    rows.frame = (
        rows.frame.join(known, on="point", how="left", maintain_order="left")
        .join(single, on=["person", "channel"], how="left", maintain_order="left")
        .with_columns(number=pl.coalesce("index", "at_point", pl.when(contact).then("only")))
    )


def _too_many(feed: FeedMapping, bad: int, rows: int) -> Problem:
    return Problem(
        code="book.feed.too_many_bad",
        file=feed.files,
        what=say("{bad} of {rows} rows cannot be loaded", bad=bad, rows=rows),
        remedy=say("Mend the mapping or the file; the reasons follow. `quarantine_percent` sets the limit."),
    )
