"""`duly explain --amounts`: the amounts of an account line by line, from the book or from a bundle."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from duly.cli import breaks as door
from duly.cli import options, show
from duly.cli.language import tr

if TYPE_CHECKING:
    from duly.app.amounts import Check, Proven, Sheet

_DIFFERENT = 1  # what was stated does not come out


def of_book(screen: show.Screen, folder: Path, *, account: str, on: date | None, name: str | None) -> None:
    """One account of the project's book on a day."""
    from duly.app import amounts as app
    from duly.app import people, worksheets

    actor = people.recognise(folder, options.who(name))
    sheet = app.of_book(actor, folder, account=account, on=on, environ=os.environ)
    for key, value in worksheets.plain(sheet).items():
        screen.put(key, value)
    if not screen.as_json:
        paper(screen, sheet)
        _recorded(screen, sheet.checks, sheet.currency)


def of_bundle(screen: show.Screen, bundle: Path, *, trusted: Sequence[str], on: date | None) -> None:
    """What the notices of a bundle stated, reckoned again from the bundle alone."""
    from duly.app import amounts as app
    from duly.app import proofs, worksheets

    proven = app.of_bundle(bundle, trusted=trusted, on=on)
    screen.put("result", proven.report.result)
    screen.put("sheets", [worksheets.plain(one) for one in proven.sheets])
    screen.put("lost", proven.lost)
    style = "green" if proven.report.result == "verified" else "yellow"
    screen.say(tr(proofs.WORDS[proven.report.result]), style=style)
    if not screen.as_json:
        for sheet in proven.sheets:
            screen.gap()
            paper(screen, sheet)
            _stated(screen, sheet.checks, sheet.currency)
        _lost(screen, proven)
    if not all(one.same for sheet in proven.sheets for one in sheet.checks):
        raise typer.Exit(_DIFFERENT)


def _lost(screen: show.Screen, proven: Proven) -> None:
    if proven.lost:
        screen.say(
            tr(
                "Of {count} notices the rows are not in the bundle: their person was erased.",
                count=proven.lost,
            ),
            style="yellow",
        )


def paper(screen: show.Screen, sheet: Sheet) -> None:
    """One sheet for a person: what was contracted, each step, what is left, and the ledger beside it."""
    from duly.app import worksheets

    screen.say(
        tr(
            "Account {account} on {day}, in {currency}",
            account=sheet.account,
            day=sheet.on,
            currency=sheet.currency,
        ),
        style="bold",
    )
    for said in worksheets.basis(sheet):
        screen.say(f"  {tr(said)}")
    _contracted(screen, sheet)
    screen.table(
        "steps",
        (
            show.Column(key="from", title=tr("From")),
            show.Column(key="to", title=tr("To")),
            show.Column(key="seq", title=tr("Instalment"), right=True),
            show.Column(key="what", title=tr("Step")),
            show.Column(key="amount", title=tr("Amount"), right=True),
        ),
        [
            (
                step.begin,
                "" if step.end is None else step.end,
                "" if step.seq is None else step.seq,
                step.says,
                "" if step.minor is None else worksheets.digits(step.minor, sheet.currency),
            )
            for step in worksheets.steps(sheet)
        ],
        title=tr("Step by step"),
    )
    _left(screen, sheet)
    _beside(screen, sheet)


def _contracted(screen: show.Screen, sheet: Sheet) -> None:
    """The instalments that the steps and the sums speak of: those that are still to come are one line."""
    from duly.app import worksheets

    touched = {one.seq for one in sheet.reckoned.unpaid if one.late}
    touched |= {step.seq for step in worksheets.steps(sheet) if step.seq is not None}
    rows = [one for one in sheet.contract.instalments if one.due_on <= sheet.on or one.seq in touched]
    coming = [one for one in sheet.contract.instalments if one not in rows]
    money = [
        (
            one.seq,
            one.due_on,
            *(worksheets.digits(minor, sheet.currency) for minor in (one.fee, one.interest, one.principal)),
        )
        for one in sorted(rows, key=lambda one: (one.due_on, one.seq))
    ]
    if coming:
        ahead = sum(one.principal for one in coming)
        money.append(
            (
                "",
                tr("{count} more to come", count=len(coming)),
                "",
                "",
                worksheets.digits(ahead, sheet.currency),
            )
        )
    screen.table(
        "contracted",
        (
            show.Column(key="seq", title=tr("Instalment"), right=True),
            show.Column(key="due_on", title=tr("Due on")),
            show.Column(key="fee", title=tr("Fees"), right=True),
            show.Column(key="interest", title=tr("Interest"), right=True),
            show.Column(key="principal", title=tr("Principal"), right=True),
        ),
        money,
        title=tr("What was contracted"),
    )


def _left(screen: show.Screen, sheet: Sheet) -> None:
    from duly.app import worksheets

    found = sheet.reckoned
    order = ("fee", "interest", "penalty", "principal")
    rows: list[tuple[object, ...]] = [
        (
            one.seq,
            one.due_on,
            *(worksheets.digits(getattr(one, part), sheet.currency) for part in order),
            worksheets.digits(sum(getattr(one, part) for part in order), sheet.currency),
        )
        for one in found.unpaid
        if one.late
    ]
    rows.append(
        (
            "",
            tr("Overdue in all"),
            *(worksheets.digits(getattr(found, part), sheet.currency) for part in order),
            worksheets.digits(found.overdue, sheet.currency),
        )
    )
    ahead = sum(one.principal for one in found.unpaid if not one.late)
    sums = [(tr("Principal still to fall due"), ahead)]
    if found.total != found.overdue + ahead:
        sums.append(
            (
                tr("The rest of the card's last statement, less what came in since"),
                found.total - found.overdue - ahead,
            )
        )
    sums.append((tr("The whole balance"), found.total))
    if found.barred:
        sums.append((tr("Beyond the ceiling of all costs, and not asked for"), found.barred))
    rows += [("", title, "", "", "", "", worksheets.digits(minor, sheet.currency)) for title, minor in sums]
    screen.table(
        "left",
        (
            show.Column(key="seq", title=tr("Instalment"), right=True),
            show.Column(key="due_on", title=tr("Due on")),
            show.Column(key="fee", title=tr("Fees"), right=True),
            show.Column(key="interest", title=tr("Interest"), right=True),
            show.Column(key="penalty", title=tr("Interest on overdue principal"), right=True),
            show.Column(key="principal", title=tr("Principal"), right=True),
            show.Column(key="sum", title=tr("Sum"), right=True),
        ),
        rows,
        title=tr("What is left"),
    )
    if found.first_unpaid_on is not None and found.dpd is not None:
        screen.say(
            tr(
                "{days} past due: the oldest instalment that is unpaid fell due on {day}.",
                days=worksheets.days(found.dpd),
                day=found.first_unpaid_on,
            )
        )


def _beside(screen: show.Screen, sheet: Sheet) -> None:
    from duly.app import breaks

    if sheet.beside_on is None:
        screen.say(tr("The lender's ledger says nothing of this account."))
        return
    screen.table(
        "beside",
        (
            show.Column(key="component", title=tr("What")),
            show.Column(key="ours", title=tr("By us"), right=True),
            show.Column(key="theirs", title=tr("By the ledger"), right=True),
            show.Column(key="difference", title=tr("Difference"), right=True),
        ),
        [(breaks.COMPONENTS[one.component], *door.figures(one)) for one in sheet.beside],
        title=tr("Beside the lender's ledger at the end of {day}", day=sheet.beside_on),
    )
    if any(one.beyond for one in sheet.beside):
        screen.say(
            tr(
                "They differ beyond the tolerance. What explains it: `duly breaks {account}`.",
                account=sheet.account,
            ),
            style="yellow",
        )


def _recorded(screen: show.Screen, checks: Sequence[Check], currency: str) -> None:
    """What a plan recorded on that day, where it did."""
    for one in checks:
        if one.same:
            screen.say(tr("The plan of {day} recorded the same figures.", day=one.on), style="green")
        else:
            screen.say(
                tr(
                    "The plan recorded {stated} overdue, and by what is known now it is {reckoned}: something became "
                    "known since.",
                    stated=_money(one.stated["overdue_minor"], currency),
                    reckoned=_money(one.reckoned["overdue_minor"], currency),
                ),
                style="yellow",
            )


def _stated(screen: show.Screen, checks: Sequence[Check], currency: str) -> None:
    """What the notices of that day stated, by the evidence."""
    for one in checks:
        stated = _money(one.stated.get("overdue_minor", 0), currency)
        where = {"entry": one.entry, "at": one.at, "stated": stated, "day": one.on}
        if one.same and one.whose == "ledger":
            screen.say(
                tr(
                    "Entry {entry} ({at}) stated {stated} as of {day}: the ledger's figures, as sealed.",
                    **where,
                ),
                style="green",
            )
        elif one.same:
            screen.say(
                tr("Entry {entry} ({at}) stated {stated} as of {day}: the same to the cent.", **where),
                style="green",
            )
        else:
            screen.say(
                tr("Entry {entry} ({at}) stated {stated} as of {day}: this does NOT come out.", **where),
                style="bold red",
            )


def _money(minor: int, currency: str) -> str:
    from duly.model import money

    return money.grouped(minor, currency)
