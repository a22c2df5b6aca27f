"""What follows from a load that says otherwise than was known, account by account, as a table and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from duly.cli import show
from duly.cli.language import tr
from duly.model.money import Money

MOST = 20  # accounts shown to a person; JSON has all of them

CHANGES: Mapping[str, str] = {
    "payment_back_dated": tr("a payment of {day} that was not known: {after} ({what})"),
    "payment_gone": tr("a payment of {day} is gone: {before} ({what})"),
    "payment_changed": tr("a payment of {day} is another: {before}, now {after} ({what})"),
    "payment_undone": tr("a payment was undone on {day}: {after} ({what}{why})"),
    "reversal_gone": tr("the reversal of {day} is gone: {before} ({what})"),
    "instalment_changed": tr("the instalment of {day} is another: {before}, now {after} (number {what})"),
    "instalment_gone": tr("the instalment of {day} is gone: {before} (number {what})"),
    "instalment_back_dated": tr("an instalment of {day} that was not known: {after} (number {what})"),
    "party_gone": tr("a person is on the account no more ({what})"),
    "account_gone": tr("the account is gone"),
}


REASONS = (
    tr("insufficient_funds"),
    tr("account_closed"),
    tr("wrong_details"),
    tr("no_mandate"),
    tr("refused_by_payer"),
    tr("recalled"),
    tr("other"),
)


class Figure(Protocol):
    """What is overdue, and since how many days."""

    @property
    def overdue_minor(self) -> int:
        """In minor units."""
        ...

    @property
    def dpd(self) -> int:
        """Days past due."""
        ...


class Notice(Protocol):
    """A notice that left."""

    @property
    def at(self) -> datetime:
        """When."""
        ...

    @property
    def currency(self) -> str:
        """Of both amounts."""
        ...

    @property
    def named_minor(self) -> int:
        """What it named."""
        ...

    @property
    def would_minor(self) -> int:
        """What it would have named."""
        ...


class Consequence(Protocol):
    """One account."""

    @property
    def account(self) -> str:
        """Its id."""
        ...

    @property
    def currency(self) -> str:
        """Of its amounts."""
        ...

    @property
    def changes(self) -> Sequence[Mapping[str, object]]:
        """What changed."""
        ...

    @property
    def before(self) -> Figure:
        """As it stood by what was known."""
        ...

    @property
    def after(self) -> Figure | None:
        """As it stands."""
        ...

    @property
    def cases(self) -> Sequence[tuple[str, bool]]:
        """Its open episodes, and whether it is in arrears now."""
        ...

    @property
    def notices(self) -> Sequence[Notice]:
        """Those that named another amount."""
        ...

    def facts(self) -> Mapping[str, object]:
        """All of it."""
        ...


def show_all(screen: show.Screen, found: Sequence[Consequence]) -> None:
    """The accounts of which the load says otherwise, and what follows."""
    screen.gap()
    screen.table(
        "consequences_shown",
        [
            show.Column(key="account", title=tr("Account")),
            show.Column(key="overdue_before", title=tr("Overdue before"), right=True),
            show.Column(key="overdue", title=tr("Overdue"), right=True),
            show.Column(key="dpd_before", title=tr("Days before"), right=True),
            show.Column(key="dpd", title=tr("Days"), right=True),
            show.Column(key="what", title=tr("What changed and what follows")),
        ],
        [_row(one) for one in found[:MOST]],
        title=tr("The book says otherwise than was known ({count} accounts)", count=len(found)),
    )
    screen.put("consequences", [{"account": one.account, **one.facts()} for one in found])


def _row(one: Consequence) -> list[object]:
    after = one.after
    said = [_change(change, one.currency) for change in one.changes]
    said += [
        tr(
            "a notice of {day} named {named}; it would have named {would}",
            day=notice.at.date(),
            named=_money(notice.named_minor, notice.currency),
            would=_money(notice.would_minor, notice.currency),
        )
        for notice in one.notices
    ]
    said += [
        tr("its open case {case} is without arrears now", case=case) for case, owes in one.cases if not owes
    ]
    return [
        one.account,
        Money(minor=one.before.overdue_minor, currency=one.currency),
        None if after is None else Money(minor=after.overdue_minor, currency=one.currency),
        one.before.dpd,
        None if after is None else after.dpd,
        "; ".join(said),
    ]


def _change(change: Mapping[str, object], currency: str) -> str:
    figures = {
        name: _money(minor, currency) if isinstance(minor := change.get(f"{name}_minor"), int) else ""
        for name in ("before", "after")
    }
    why = f", {tr(str(change['why']))}" if "why" in change else ""
    return tr(
        CHANGES[str(change["kind"])],
        day=change.get("day", ""),
        what=change.get("what", ""),
        why=why,
        **figures,
    )


def _money(minor: int, currency: str) -> str:
    return show.plain(Money(minor=minor, currency=currency))
