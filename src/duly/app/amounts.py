"""The amounts of one account line by line, so that a person with a pocket calculator comes to the same cents.

Today's book is reckoned by the plain reading (`book.reckoning`); years later the same is done with nothing but a
bundle of `duly prove`, from the rows that were sealed with each notice.
Refuses to use figures of a bundle that does not hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from duly import errors
from duly.app import breaks, premises
from duly.book import agree, contract, facts, reckoning
from duly.book.columns import Book
from duly.book.contract import Contract
from duly.book.reckoning import Reckoned
from duly.book.tolerance import Cure, Cures
from duly.evidence import bagcheck, entry, proof, verify
from duly.evidence.report import Report
from duly.model.money import Rounding
from duly.model.party import Actor
from duly.model.said import say
from duly.run import books, clock, decided

_STATED = ("principal_minor", "interest_minor", "fee_minor", "penalty_minor", "overdue_minor")


@dataclass(frozen=True, kw_only=True)
class Check:
    """Figures that were stated of the account, and whether what was reckoned here comes to the same.

    `whose` they are (ours or ledger), `on` the day they are of, `at` when they left and `entry` its place in the log,
    where they come from evidence.
    """

    whose: str
    on: date
    stated: Mapping[str, int]
    reckoned: Mapping[str, int]
    at: str = ""
    entry: int | None = None

    @property
    def same(self) -> bool:
        """Whether every figure that was stated comes out."""
        return all(self.reckoned[name] == minor for name, minor in self.stated.items())


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One account on one day: what was contracted, each step, what is left, and the ledger beside it.

    `beside` compares on the ledger's own day, `beside_on`; `checks` are the figures stated of that day.
    """

    account: str
    currency: str
    on: date
    contract: Contract
    rounding: Rounding
    reckoned: Reckoned
    beside_on: date | None
    beside: tuple[breaks.Line, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, kw_only=True)
class Proven:
    """The sheets of a bundle, one for each day of which a notice stated figures, and what the bundle's check found."""

    report: Report
    sheets: tuple[Sheet, ...]
    lost: int  # notices whose rows are not in the bundle: their person was erased


def of_book(
    actor: Actor, folder: Path, *, account: str, on: date | None, environ: Mapping[str, str]
) -> Sheet:
    """The account on a day (today's if none is given), by all that is known now."""
    del actor  # anybody may ask why
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        today = opened.local_day(clock.instant_of(connection))
        book = books.of_account(connection, account).book
        day = on or today
        recorded = _recorded(connection, account, day)
        mapping = opened.project.book
    return sheet(
        book,
        account,
        day,
        terms=_terms(book, mapping.cures),
        tolerance=agree.Tolerance(each_minor=mapping.tolerance_minor, parts=mapping.tolerances_minor),
        rounding=Rounding.HALF_UP,
        checks=recorded,
    )


def of_bundle(path: Path, *, trusted: Sequence[str], on: date | None) -> Proven:
    """The same from a bundle of `duly prove` and nothing else; the sheet of one day, or all.

    Raises WrongUsage where there is no bundle or nothing of that day, EvidenceBroken where the bundle does not hold.
    """
    if not (path / "bagit.txt").is_file():
        raise errors.WrongUsage(
            say("{path} is no bundle", path=path), remedy=say("Name a folder made by `duly prove`.")
        )
    report = verify.check(path, trusted=trusted)
    if report.result == "refused":
        raise errors.EvidenceBroken(
            say("the bundle does not hold, so nothing is reckoned from it"),
            remedy=say("Look at what is wrong with it: `duly verify {path}`.", path=path),
        )
    documents: dict[str, facts.Facts | None] = {}
    told: dict[str, list[Check]] = {}
    lost = 0
    for number, at, digest, said in _told(path):
        if digest not in documents:
            documents[digest] = _document(path, digest)
        found = documents[digest]
        if found is None:
            lost += 1
        else:
            told.setdefault(digest, []).append(_check(found, said, at=at, number=number))
    sheets = tuple(
        _of_facts(found, told[digest])
        for digest, found in documents.items()
        if found is not None and on in (None, found.on)
    )
    if not sheets:
        raise errors.WrongUsage(
            say("no notice of the bundle states figures that can be reckoned again"),
            remedy=say("Leave the day out, or name one on which a notice left; see data/timeline.txt."),
        )
    return Proven(report=report, sheets=tuple(sorted(sheets, key=lambda one: one.on)), lost=lost)


def _told(path: Path) -> list[tuple[int, str, str, Mapping[str, Any]]]:
    """Every place in a bundle where figures were stated: entry, instant, digest of the rows, figures."""
    found = []
    for place in sorted((path / "data" / "entries").iterdir()):
        opening = place / "opening.json"
        if opening.is_file():
            shown = entry.reveal((place / "leaf.json").read_bytes(), _canonical(opening))
            found += [
                (int(place.name), shown.at, str(said["facts"]), said)
                for said in shown.about.values()
                if "facts" in said
            ]
    return found


def _canonical(opening: Path) -> bytes:
    """The openings as they were sealed; in a bundle they stand with line breaks, to be read."""
    return proof.canonical(json.loads(opening.read_bytes()))


def _document(path: Path, digest: str) -> facts.Facts | None:
    file = path / f"{bagcheck.FACTS}{digest}.json"
    return facts.read(file.read_text("utf-8")) if file.is_file() else None


def _of_facts(found: facts.Facts, checks: Sequence[Check]) -> Sheet:
    said = found.reckoning
    return sheet(
        found.book,
        found.account,
        found.on,
        terms=_terms_said(found.book, said),
        tolerance=agree.Tolerance(each_minor=said["tolerance_minor"], parts=said["tolerances_minor"]),
        rounding=Rounding(said["rounding"]),
        checks=checks,
    )


def _terms(book: Book, cures: Cures) -> dict[str, int]:
    """The tolerance of the product that the one account of the book is."""
    cure = cures.of(book.accounts["product"][0])
    return {"cure_minor": cure.minor, "cure_days": cure.days}


def _terms_said(book: Book, said: Mapping[str, Any]) -> dict[str, int]:
    """The same as it was written down with the facts."""
    own = {product: Cure(**each) for product, each in said.get("cures", {}).items()}
    return _terms(book, Cures(general=Cure(minor=said["cure_minor"], days=said["cure_days"]), own=own))


def _check(found: facts.Facts, said: Mapping[str, Any], *, at: str, number: int) -> Check:
    stated = {name: said[name] for name in _STATED if name in said}
    whose, day = str(said.get("whose", "ours")), date.fromisoformat(said["as_of"])
    if whose == "ledger":
        head = found.book.accounts.row(0, named=True)
        reckoned = {name: head[f"ledger_{name}"] for name in _STATED}
    else:
        terms = {**found.reckoning, **_terms_said(found.book, found.reckoning)}
        reckoned = _figures(_reckon(found.book, found.account, day, terms))
    return Check(whose=whose, on=day, stated=stated, reckoned=reckoned, at=at, entry=number)


def _reckon(book: Book, account: str, on: date, said: Mapping[str, Any]) -> Reckoned:
    return reckoning.reckon(
        contract.of(book, account),
        on,
        cure_minor=said["cure_minor"],
        cure_days=said["cure_days"],
        rounding=Rounding(said["rounding"]),
    )


def _figures(found: Reckoned) -> dict[str, int]:
    return {f"{part}_minor": getattr(found, part) for part in (*agree.PARTS, "overdue")}


def _recorded(connection: psycopg.Connection[Any], account: str, on: date) -> list[Check]:
    """What a plan recorded of the account on that day, if one did; what is reckoned is put in by `_sheet`."""
    wanted = ("account", "figures", "stated_on", *_STATED)
    rows = decided.last(decided.files(connection).get(on, ()), wanted, [account])
    return [
        Check(
            whose=row["figures"],
            on=row["stated_on"],
            stated={name: row[name] for name in _STATED},
            reckoned={},
        )
        for row in (() if rows is None else rows.iter_rows(named=True))
    ]


def sheet(
    book: Book,
    account: str,
    on: date,
    *,
    terms: Mapping[str, int],
    tolerance: agree.Tolerance,
    rounding: Rounding,
    checks: Sequence[Check] = (),
) -> Sheet:
    """The paper of one account of a book on a day. What was stated of that day is checked where it is not yet."""
    head = book.accounts.filter(book.accounts["account"] == account).row(0, named=True)
    said = {**terms, "rounding": rounding.value}
    found = _reckon(book, account, on, said)
    theirs = {each.name: head[each.theirs] for each in agree.COMPONENTS if head[each.theirs] is not None}
    beside: list[breaks.Line] = []
    if theirs and head["ledger_as_of"] is not None:
        then = _reckon(book, account, head["ledger_as_of"], said)
        ours = {part: getattr(then, part) for part in (*agree.PARTS, "overdue")} | {"balance": then.total}
        beside = [
            breaks.line(
                name,
                ours[name],
                minor,
                head["currency"],
                beyond=abs(ours[name] - minor) > tolerance.of(name),
            )
            for name, minor in theirs.items()
        ]
    again = {"ours": _figures(found), "ledger": {name: head[f"ledger_{name}"] for name in _STATED}}
    return Sheet(
        account=account,
        currency=head["currency"],
        on=on,
        contract=contract.of(book, account),
        rounding=rounding,
        reckoned=found,
        beside_on=head["ledger_as_of"] if beside else None,
        beside=tuple(beside),
        checks=tuple(
            one
            if one.reckoned
            else Check(whose=one.whose, on=one.on, stated=one.stated, reckoned=again[one.whose])
            for one in checks
        ),
    )
