"""The clocks of limitation and guarantee of the book as it stands: what runs out, when, and what restarted it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from duly import errors
from duly.app import premises
from duly.law import limitation as law
from duly.law.rules import Reading
from duly.model.party import Actor
from duly.model.said import say
from duly.plan import limitation
from duly.run import clock, inputs


@dataclass(frozen=True, kw_only=True)
class Running:
    """One clock on the day it was asked: the last day of the claim, and what started it last, with its proof.

    `ends` counts rules that were read in their official text alone, `perhaps` the drafts as well; `left` are the
    days until `ends`. `draft` says whether what restarted it rests on a draft. `rules` are those it runs by.
    """

    account: str
    person: str
    role: str
    kind: str
    state: str
    begins: date | None
    ends: date | None
    perhaps: date | None
    left: int | None
    event: str | None
    event_on: date | None
    proof: str | None
    draft: bool
    rules: tuple[str, ...]


def listed(
    actor: Actor,
    folder: Path,
    *,
    account: str | None,
    within: int | None,
    environ: Mapping[str, str],
) -> tuple[date, tuple[Running, ...]]:
    """The day, and the clocks: of one account, or of all that end within so many days, the soonest first.

    Raises WrongUsage for an account that is not in the book.
    """
    del actor  # anybody may look
    with (
        premises.opened(folder, environ) as opened,
        opened.connect("duly_planner", patient=True) as connection,
    ):
        now = clock.instant_of(connection)
        on = opened.local_day(now)
        given = inputs.gather(opened, connection, on=on, at=now).inputs
    debts = given.book.accounts.select("person", "account", "creditor")
    if account is not None:
        debts = debts.filter(debts["account"] == account)
        if debts.is_empty():
            raise errors.WrongUsage(
                say("the book has no account {account}", account=account),
                remedy=say("Look at the account's id in the lender's files."),
            )
    found = [_running(one, on) for one in limitation.clocks(given, debts)]
    if within is not None:
        found = [one for one in found if one.left is not None and one.left <= within]
    return on, tuple(sorted(found, key=lambda one: (one.ends or date.max, one.account, one.person, one.kind)))


def _running(one: law.Clock, on: date) -> Running:
    last = one.last
    return Running(
        account=one.debt.account,
        person=one.debt.person,
        role=one.debt.role,
        kind=one.kind.value,
        state=one.state(on).value,
        begins=one.begins,
        ends=one.ends,
        perhaps=one.perhaps,
        left=one.left(on),
        event=None if last is None else last.event.value,
        event_on=None if last is None else last.day,
        proof=None if last is None else last.proof,
        draft=last is not None and last.reading is Reading.DRAFT,
        rules=one.rules,
    )
