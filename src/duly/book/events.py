"""What happened since the snapshot, folded into the book: a pure function of both.

Events are facts in the order they were recorded (`seq`), and what was recorded last is what we know.
Folding in two parts gives the same book as folding at once. A payment or reversal known already, by its
`ref`, is not counted again.
Refuses to decide what an event means for a case or a notice. An event about somebody who is not in the
book is passed over, because a book may hold only some of the buckets.

| kind | fields | effect |
| --- | --- | --- |
| payment | account, amount_minor, on_date, ref, detail? (`waiver`) | a payment row for each person on it |
| reversal | account, amount_minor, on_date, ref | likewise; `ref` is the payment it undoes, where known |
| hold_set | person or account (or both), point?, detail, on_date | a hold of kind `detail` from `on_date` |
| hold_lifted | as hold_set | the hold that stands without an end gets it, else the coming end is moved up |
| contact_state | point, detail | the contact point's state |
| consent | point, detail | the contact point's consent |
| balance | account, amount_minor, on_date | the lender's own overdue figure at the end of that day |
| status | account, detail, on_date | the account's status since that day |
| suit_list | account, detail (`on`, `off`) | whether the account is on the suit list |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import polars as pl

from duly.book import agree, columns
from duly.book.columns import Book


def fold(book: Book, events: pl.DataFrame) -> Book:
    """The book as it stands after `events` (`columns.EVENT`), arranged as `columns.SORTED_BY` says.

    Raises ValueError for an event of an unknown kind, or one without what its kind needs: events are written
    by our own code, so either is our defect.
    """
    columns.conform("events", events, columns.EVENT)
    if events.is_empty():
        return book
    _refuse_malformed(events)
    ordered = events.sort("seq")
    return columns.arrange(
        replace(
            book,
            accounts=_accounts(book.accounts, ordered),
            payments=_payments(book, ordered),
            contacts=_contacts(book.contacts, ordered),
            holds=_holds(book, ordered),
            statuses=_statuses(book, ordered),
        )
    )


_NEEDS: dict[str, tuple[str, ...]] = {
    "payment": ("account", "amount_minor", "on_date", "ref"),
    "reversal": ("account", "amount_minor", "on_date", "ref"),
    "hold_set": ("detail", "on_date"),
    "hold_lifted": ("detail", "on_date"),
    "contact_state": ("point", "detail"),
    "consent": ("point", "detail"),
    "balance": ("account", "amount_minor", "on_date"),
    "status": ("account", "detail", "on_date"),
    "suit_list": ("account", "detail"),
}


def _refuse_malformed(events: pl.DataFrame) -> None:
    unknown = set(events["kind"].unique()) - columns.EVENT_KINDS
    if unknown:
        raise ValueError(f"events of unknown kind: {sorted(unknown)}")
    for kind, needs in _NEEDS.items():
        lacking = events.filter((pl.col("kind") == kind) & pl.any_horizontal(pl.col(*needs).is_null()))
        if lacking.height:
            raise ValueError(f"event {lacking['seq'][0]}: a {kind} needs {', '.join(needs)}")
    nobody = events.filter(
        pl.col("kind").str.starts_with("hold_") & pl.col("person").is_null() & pl.col("account").is_null()
    )
    if nobody.height:
        raise ValueError(f"event {nobody['seq'][0]}: a hold needs a person or an account")


def _last(events: pl.DataFrame, kind: str, key: str, **values: str) -> pl.DataFrame:
    """The last word of this kind on each `key`; `values` names the event's columns anew."""
    return (
        events.filter(pl.col("kind") == kind)
        .group_by(key)
        .agg(pl.last(theirs).alias(ours) for ours, theirs in values.items())
    )


def _accounts(accounts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    balance = _last(events, "balance", "account", ledger_overdue_minor="amount_minor", ledger_as_of="on_date")
    # The figures of an earlier day would stand beside ours of a later one.
    earlier = [each.theirs for each in agree.COMPONENTS if each.theirs != "ledger_overdue_minor"]
    told_anew = pl.col("account").is_in(balance["account"].implode())
    accounts = (
        accounts.with_columns(pl.when(~told_anew).then(pl.col(*earlier))) if balance.height else accounts
    )
    status = _last(events, "status", "account", status="detail", status_since="on_date")
    suits = _last(events, "suit_list", "account", suit_list="detail")
    suits = suits.with_columns(pl.col("suit_list") == "on")
    for news in (balance, status, suits):
        accounts = accounts.update(news, on="account", how="left") if news.height else accounts
    return accounts


def _statuses(book: Book, events: pl.DataFrame) -> pl.DataFrame:
    """The statuses, and one more for each that was told since; of one day the last word counts."""
    told = events.filter(pl.col("kind") == "status").select("account", since="on_date", status="detail")
    if told.is_empty():
        return book.statuses
    last = told.unique(["account", "since"], keep="last", maintain_order=True)
    rows = book.accounts.select("person", "account").join(last, on="account").select(book.statuses.columns)
    kept = book.statuses.join(rows, on=["person", "account", "since"], how="anti")
    return pl.concat([kept, rows])


def _contacts(contacts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    states = _last(events, "contact_state", "point", state="detail")
    consents = _last(events, "consent", "point", consent="detail")
    for news in (states, consents):
        contacts = contacts.update(news, on="point", how="left") if news.height else contacts
    return contacts


def _payments(book: Book, events: pl.DataFrame) -> pl.DataFrame:
    waived = pl.col("detail").eq_missing("waiver") & (pl.col("kind") == "payment")
    happened = events.filter(pl.col("kind").is_in(["payment", "reversal"])).select(
        "account",
        payment="ref",
        paid_on="on_date",
        amount_minor="amount_minor",
        kind=pl.when(waived).then(pl.lit("waiver")).otherwise("kind"),
        undoes=pl.col("kind") == "reversal",
        toward=pl.lit(None, pl.Int32),
        part=pl.lit(None, pl.String),
        reason=pl.lit(None, pl.String),
    )
    if happened.is_empty():
        return book.payments
    # One payment and one reversal may carry the same id, because a reversal names what it undoes.
    identity = ["account", "payment", "undoes"]
    known = book.payments.with_columns(undoes=pl.col("kind") == "reversal")
    fresh = happened.unique(identity, keep="first", maintain_order=True).join(known, on=identity, how="anti")
    rows = book.accounts.select("person", "account").join(fresh, on="account").select(book.payments.columns)
    return pl.concat([book.payments, rows])


class _Scope(NamedTuple):
    """Whom a hold bars: a person, one of the person's accounts or points, and for what."""

    person: str
    account: str | None
    point: str | None
    kind: str


def _holds(book: Book, events: pl.DataFrame) -> pl.DataFrame:
    happened = _hold_events(book, events)
    if happened.is_empty():
        return book.holds
    scope = list(_Scope._fields)
    standing = book.holds.join(happened, on=scope, how="semi", nulls_equal=True)
    others = book.holds.join(happened, on=scope, how="anti", nulls_equal=True)
    spans: dict[_Scope, set[tuple[date, date | None]]] = {}
    for *of, since, until in standing.select(*scope, "since", "until").iter_rows():
        spans.setdefault(_Scope(*of), set()).add((since, until))
    for *of, day, is_set in happened.select(*scope, "on_date", "is_set").iter_rows():
        known = spans.setdefault(_Scope(*of), set())
        spans[_Scope(*of)] = _set(known, day) if is_set else _lifted(known, day)
    rows = [(*of, since, until) for of, known in spans.items() for since, until in known]
    changed = pl.DataFrame(rows, schema=dict(columns.HOLD), orient="row")
    return pl.concat([others, changed.select(others.columns)])


def _hold_events(book: Book, events: pl.DataFrame) -> pl.DataFrame:
    """Holds set and lifted, by scope and in order; one set on an account bars each person on it."""
    happened = events.filter(pl.col("kind").str.starts_with("hold_")).select(
        "seq",
        "person",
        "account",
        "point",
        "on_date",
        is_set=pl.col("kind") == "hold_set",
        kind="detail",
    )
    of_person = happened.filter(pl.col("person").is_not_null()).join(book.accounts, on="person", how="semi")
    of_account = (
        happened.filter(pl.col("person").is_null())
        .drop("person")
        .join(book.accounts.select("person", "account"), on="account")
        .select(happened.columns)
    )
    return pl.concat([of_person, of_account]).sort("seq", "person")


def _set(known: Iterable[tuple[date, date | None]], day: date) -> set[tuple[date, date | None]]:
    """A hold that stands already is not set twice."""
    spans = set(known)
    return spans if any(until is None for _, until in spans) else spans | {(day, None)}


def _lifted(known: Iterable[tuple[date, date | None]], day: date) -> set[tuple[date, date | None]]:
    """End on `day` what stands without an end; where nothing does, bring later ends forward to it.

    So a hold that is set with its end in the same breath does not shorten another that lasts longer.
    What would end before it began never stood.
    """
    spans = set(known)
    endless = any(until is None for _, until in spans)
    ended = {
        (since, day if until is None or (not endless and until > day) else until) for since, until in spans
    }
    return {(since, until) for since, until in ended if until > since}
