"""The break report: every account on which we and the lender's ledger differ beyond the tolerance, since when, and why.

Today's is reckoned from the book as it stands; that of an earlier day is read from what was recorded then, which is
also where the age of a break comes from. Refuses to change anything: whoever is right mends his own books.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from duly import errors
from duly.app import premises
from duly.book import agree, arrears, likely
from duly.book.columns import Book
from duly.book.likely import Kind
from duly.model import money
from duly.model.party import Actor
from duly.model.said import Said, say
from duly.project.folder import Project
from duly.run import books, clock, decided

COMPONENTS: Mapping[str, Said] = {
    "principal": say("Overdue principal"),
    "interest": say("Overdue interest of the contract"),
    "fee": say("Overdue fees"),
    "penalty": say("Interest on overdue principal"),
    "overdue": say("All that is overdue"),
    "balance": say("The whole balance"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One component: what we reckon, what the ledger says, ours less theirs, and whether that breaks.

    In minor units; a sum over an account may be larger than any single amount may.
    """

    component: str
    currency: str
    ours_minor: int
    theirs_minor: int
    difference_minor: int
    beyond: bool


@dataclass(frozen=True, kw_only=True)
class Break:
    """One account. `as_of` is the ledger's day, `since` the first of its days from which on it differed."""

    account: str
    creditor: str
    as_of: date
    since: date
    days: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Sum:
    """The breaks of one creditor, currency and component, in minor units: netted, and without their signs."""

    creditor: str
    currency: str
    component: str
    accounts: int
    net_minor: int
    gross_minor: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """All breaks, the largest first. `compared` counts the accounts of which the ledger says something."""

    on: date
    accounts: int
    compared: int
    breaks: tuple[Break, ...]
    sums: tuple[Sum, ...]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One thing that explains a break to the cent, and what it `says`; `name` is that of a payment or instalment."""

    kind: str
    name: str
    on: date | None
    amount_minor: int | None
    says: Said


@dataclass(frozen=True, kw_only=True)
class Beside:
    """One account, every component side by side, and what explains the difference to the cent, if anything does."""

    account: str
    as_of: date
    lines: tuple[Line, ...]
    causes: tuple[Cause, ...]


def report(actor: Actor, folder: Path, *, on: date | None, environ: Mapping[str, str]) -> Report:
    """The breaks of a day; today's if none is given. Raises WrongUsage for an earlier day that was never planned."""
    del actor  # anybody may look
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        today = opened.local_day(clock.instant_of(connection))
        day = on or today
        if day < today:
            rows = _recorded(connection, day)
            if rows is None:
                raise errors.WrongUsage(
                    say("no plan was recorded for {day}", day=day),
                    remedy=say("Name a day on which duly planned; for today's breaks leave the day out."),
                )
        else:
            rows = _reckoned(opened.project, books.in_force(connection).book, day)
        heads = rows.unique("account", keep="any")
        found = agree.listed(heads.filter(pl.col("beside").is_not_null()))
        since = _since(connection, found, day)
    breaks = tuple(_breaks(found, since, day))
    return Report(
        on=day,
        accounts=heads.height,
        compared=heads["ledger_as_of"].count(),
        breaks=breaks,
        sums=tuple(_sums(found)),
    )


def beside(actor: Actor, folder: Path, *, account: str, environ: Mapping[str, str]) -> Beside:
    """One account beside the ledger. Raises WrongUsage for one that is not in the book, or of which it says nothing."""
    del actor  # anybody may look
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        book = _once(books.of_account(connection, account).book)
        tolerance = _tolerance(opened.project)
    head = book.accounts.row(0, named=True)
    theirs = {each.name: head[each.theirs] for each in agree.COMPONENTS if head[each.theirs] is not None}
    if not theirs:
        raise errors.WrongUsage(
            say("the ledger says nothing of account {account}", account=account),
            remedy=say("Map the ledger's columns of the feed `accounts` in book.yaml, and load."),
        )
    as_of = head["ledger_as_of"]
    ours = likely.ours(book, as_of)[account]
    lines = [
        line(name, ours[name], minor, head["currency"], beyond=abs(ours[name] - minor) > tolerance.of(name))
        for name, minor in theirs.items()
    ]
    return Beside(
        account=account,
        as_of=as_of,
        lines=tuple(lines),
        causes=tuple(_cause(one, head["currency"]) for one in likely.causes(book, as_of, theirs)),
    )


def _cause(found: likely.Cause, currency: str) -> Cause:
    said = {
        "name": found.name,
        "day": found.on,
        "amount": "" if found.amount_minor is None else money.grouped(found.amount_minor, currency),
    }
    match found.kind:
        case Kind.DAY_LATER:
            says = say("The ledger's figures are ours of {day}: it is one day further.", **said)
        case Kind.DAY_EARLIER:
            says = say("The ledger's figures are ours of {day}: it is one day behind.", **said)
        case Kind.PAYMENT_MISSING:
            says = say("The ledger reckons without the payment {name} of {day} over {amount}.", **said)
        case Kind.PAYMENT_TWICE:
            says = say("The ledger counts the payment {name} of {day} over {amount} twice.", **said)
        case Kind.INSTALMENT_MISSING:
            says = say("The ledger reckons without instalment {name}, due on {day} over {amount}.", **said)
        case Kind.INSTALMENT_PAID:
            says = say("The difference is exactly instalment {name}, due on {day} over {amount}.", **said)
        case Kind.NO_OVERDUE_INTEREST:
            says = say("The ledger charges no interest on overdue principal.")
        case Kind.CONTRACT_RATE:
            says = say("The ledger charges the contract's own rate on overdue principal.")
        case Kind.OTHER_YEAR:
            says = say("The ledger counts the other number of days to a year (360 or 365).")
        case Kind.OTHER_ORDER:
            says = say("The sums are the same and their parts are not: the ledger settles in another order.")
        case Kind.ONE_CENT:
            says = say("It is one cent in one part: a rounding.")
    return Cause(
        kind=found.kind.value, name=found.name, on=found.on, amount_minor=found.amount_minor, says=says
    )


def _once(book: Book) -> Book:
    """The book of one account under one of its persons: all of them owe the same."""
    first = book.accounts["person"].sort()[0]
    mine = pl.col("person") == first
    return Book(**{name: frame.filter(mine) for name, frame in book.frames().items()})


def _tolerance(project: Project) -> agree.Tolerance:
    return agree.Tolerance(each_minor=project.book.tolerance_minor, parts=project.book.tolerances_minor)


def _reckoned(project: Project, book: Book, on: date) -> pl.DataFrame:
    standing = arrears.standing(
        book,
        on,
        tolerance_minor=project.book.tolerance_minor,
        tolerances_minor=project.book.tolerances_minor,
    )
    heads = book.accounts.select("person", "account", "creditor", "currency", "ledger_as_of")
    return heads.join(standing.select("person", "account", "beside"), on=["person", "account"])


_RECORDED = ("account", "creditor", "currency", "ledger_as_of", "beside")


def _recorded(connection: psycopg.Connection[Any], day: date) -> pl.DataFrame | None:
    return decided.last(decided.files(connection).get(day, ()), _RECORDED)


def _since(
    connection: psycopg.Connection[Any], found: pl.DataFrame, on: date
) -> Mapping[tuple[str, str], date]:
    """By account and component, the ledger's day from which on it has differed without a break in the record."""
    begun: dict[tuple[str, str], date] = {
        (account, component): as_of
        for account, component, as_of in found.filter("beyond")
        .select("account", "component", "ledger_as_of")
        .iter_rows()
    }
    running = set(begun)
    for day, paths in sorted(decided.files(connection).items(), reverse=True):
        if not running:
            break
        rows = decided.last(paths, _RECORDED, {account for account, _ in running}) if day <= on else None
        for row in () if rows is None else rows.iter_rows(named=True):
            beyond = {one["component"] for one in row["beside"] or () if one["beyond"]}
            for key in [key for key in running if key[0] == row["account"]]:
                if key[1] in beyond:
                    begun[key] = min(begun[key], row["ledger_as_of"])
                else:
                    running.discard(key)
    return begun


def _breaks(found: pl.DataFrame, since: Mapping[tuple[str, str], date], on: date) -> Iterator[Break]:
    for _, rows in found.group_by("account", maintain_order=True):
        first = rows.row(0, named=True)
        began = min(since[first["account"], name] for name in rows.filter("beyond")["component"])
        yield Break(
            account=first["account"],
            creditor=first["creditor"],
            as_of=first["ledger_as_of"],
            since=began,
            days=(on - began).days,
            lines=tuple(
                line(
                    row["component"],
                    row["ours_minor"],
                    row["theirs_minor"],
                    row["currency"],
                    beyond=row["beyond"],
                )
                for row in rows.iter_rows(named=True)
            ),
        )


def line(component: str, ours: int, theirs: int, currency: str, *, beyond: bool) -> Line:
    """Two figures of one component, beside each other."""
    return Line(
        component=component,
        currency=currency,
        ours_minor=ours,
        theirs_minor=theirs,
        difference_minor=ours - theirs,
        beyond=beyond,
    )


def _sums(found: pl.DataFrame) -> Iterator[Sum]:
    order = {each.name: place for place, each in enumerate(agree.COMPONENTS)}
    sums = (
        found.filter("beyond")
        .group_by("creditor", "currency", "component")
        .agg(
            accounts=pl.len(),
            net=pl.col("difference_minor").sum(),
            gross=pl.col("difference_minor").abs().sum(),
        )
    )
    for row in sorted(
        sums.iter_rows(named=True),
        key=lambda one: (one["creditor"], one["currency"], order[one["component"]]),
    ):
        yield Sum(
            creditor=row["creditor"],
            currency=row["currency"],
            component=row["component"],
            accounts=row["accounts"],
            net_minor=row["net"],
            gross_minor=row["gross"],
        )
