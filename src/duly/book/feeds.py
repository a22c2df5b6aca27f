"""The feeds a book is made of, and what each of their columns may hold: a closed table.

`book.yaml` says which of the lender's columns is which of these. The names here are the lender's side of the
door: amounts are in the feed's own unit, rates in its own writing, and a few columns (names, numbers,
addresses) go no further than the vault.
Refuses columns that are not listed: what we do not know we do not load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from duly.book import columns
from duly.model import money
from duly.model.account import HoldKind, Status
from duly.model.party import Channel, Consent, Place, PointState, Role


class Kind(Enum):
    """What a column holds, hence how its text is read."""

    ID = "id"
    TEXT = "text"
    WORD = "word"  # one of a closed list
    DAY = "day"
    MONEY = "money"
    RATE = "rate"
    COUNT = "count"
    FLAG = "flag"
    ZONES = "zones"
    TAIL = "tail"  # the last four characters of what is given


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column we know. Without `needed` it may be absent or empty; then `default`, or nothing, stands."""

    kind: Kind
    says: str
    needed: bool = False
    default: str | None = None
    words: frozenset[str] = frozenset()
    pattern: str | None = None


def _words(*enum: type[Enum]) -> frozenset[str]:
    return frozenset(str(member.value) for kind in enum for member in kind)


_LOCALE = r"[a-z]{2}(-[A-Z]{2})?"
_YEARS = frozenset(str(days) for days in columns.YEAR_DAYS)

ACCOUNTS: Mapping[str, Column] = {
    "account": Column(kind=Kind.ID, needed=True, says="the account's id"),
    "creditor": Column(kind=Kind.ID, needed=True, says="to whom the debt is owed"),
    "servicer": Column(kind=Kind.ID, needed=True, says="who collects"),
    "brand": Column(kind=Kind.TEXT, needed=True, says="the name the debtor knows"),
    "product": Column(kind=Kind.WORD, needed=True, words=columns.PRODUCTS, says="the kind of account"),
    "currency": Column(
        kind=Kind.WORD, needed=True, words=frozenset(money.EXPONENT), says="ISO 4217 code of every amount"
    ),
    "jurisdiction": Column(
        kind=Kind.TEXT, needed=True, pattern=r"[A-Z]{2}(-[A-Z0-9]{1,3})?", says="whose law applies"
    ),
    "debt_class": Column(
        kind=Kind.WORD,
        default="consumer",
        words=frozenset({"consumer", "business"}),
        says="the class of debt",
    ),
    "status": Column(kind=Kind.WORD, needed=True, words=_words(Status), says="what the account is now"),
    "status_since": Column(kind=Kind.DAY, needed=True, says="since when"),
    "tail": Column(
        kind=Kind.TAIL, needed=True, says="the contract number; its last four characters are kept"
    ),
    "contract_on": Column(kind=Kind.DAY, says="the day of the contract"),
    "rate": Column(kind=Kind.RATE, needed=True, says="yearly rate of the contract"),
    "overdue_rate": Column(kind=Kind.RATE, needed=True, says="yearly rate charged on overdue principal"),
    "year_days": Column(kind=Kind.WORD, needed=True, words=_YEARS, says="the days that make a year"),
    "ledger_overdue": Column(kind=Kind.MONEY, says="what is overdue by the lender's own ledger"),
    "ledger_as_of": Column(kind=Kind.DAY, says="the day at whose end that held"),
    "suit_list": Column(kind=Kind.FLAG, default="false", says="whether counsel listed it for suit"),
}

INSTALMENTS: Mapping[str, Column] = {
    "account": Column(kind=Kind.ID, needed=True, says="the account"),
    "seq": Column(kind=Kind.COUNT, needed=True, says="the instalment's number within the account"),
    "due_on": Column(kind=Kind.DAY, needed=True, says="the due date"),
    "principal": Column(kind=Kind.MONEY, needed=True, says="principal due, as contracted"),
    "interest": Column(kind=Kind.MONEY, default="0", says="interest due, as contracted"),
    "fee": Column(kind=Kind.MONEY, default="0", says="fees due, as contracted"),
}

PAYMENTS: Mapping[str, Column] = {
    "payment": Column(kind=Kind.ID, needed=True, says="the payment's id, unique in the book"),
    "account": Column(kind=Kind.ID, needed=True, says="the account it was paid on"),
    "paid_on": Column(kind=Kind.DAY, needed=True, says="the day on which it counts"),
    "amount": Column(kind=Kind.MONEY, needed=True, says="the amount, never negative"),
    "kind": Column(
        kind=Kind.WORD, default="payment", words=columns.PAYMENT_KINDS, says="payment, reversal or waiver"
    ),
    "reverses": Column(kind=Kind.ID, says="the payment that a reversal undoes"),
}

PARTIES: Mapping[str, Column] = {
    "person": Column(kind=Kind.ID, needed=True, says="the person's id"),
    "account": Column(kind=Kind.ID, needed=True, says="the account"),
    "role": Column(kind=Kind.WORD, needed=True, words=_words(Role), says="what the person is on the account"),
    "liable": Column(kind=Kind.FLAG, says="whether liable; by the role where absent"),
    "locale": Column(kind=Kind.TEXT, default="zh-CN", pattern=_LOCALE, says="the language written to"),
    "zones": Column(kind=Kind.ZONES, says="the IANA zones the person may be in, with ; between"),
    "name": Column(kind=Kind.TEXT, needed=True, says="the person's name (vault only)"),
    "id_number": Column(kind=Kind.TEXT, says="the identity document's number (vault only)"),
}

CONTACTS: Mapping[str, Column] = {
    "point": Column(kind=Kind.ID, needed=True, says="the contact point's id"),
    "person": Column(kind=Kind.ID, needed=True, says="whose it is"),
    "channel": Column(kind=Kind.WORD, needed=True, words=_words(Channel), says="how it is reached"),
    "value": Column(kind=Kind.TEXT, needed=True, says="the number or address (vault only)"),
    "source": Column(kind=Kind.TEXT, default="lender", says="where it comes from"),
    "state": Column(
        kind=Kind.WORD, default="unverified", words=_words(PointState), says="what is known of it"
    ),
    "consent": Column(kind=Kind.WORD, default="unknown", words=_words(Consent), says="what the person said"),
    "verified_on": Column(kind=Kind.DAY, says="when it was last verified"),
    "agreed_for_service": Column(kind=Kind.FLAG, default="false", says="agreed as address for service"),
    "rank": Column(kind=Kind.COUNT, default="0", says="the smaller is tried first"),
    "place": Column(kind=Kind.WORD, words=_words(Place), says="where it is read, if recorded"),
}

HOLDS: Mapping[str, Column] = {
    "person": Column(kind=Kind.ID, says="the person it protects"),
    "account": Column(kind=Kind.ID, says="the one account; all of the person's where absent"),
    "point": Column(kind=Kind.ID, says="the one contact point; all where absent"),
    "kind": Column(kind=Kind.WORD, needed=True, words=_words(HoldKind), says="why"),
    "since": Column(kind=Kind.DAY, needed=True, says="from which day"),
    "until": Column(kind=Kind.DAY, says="until before which day; open where absent"),
}

# In the order in which they are read: each refers only to those before it.
FEEDS: Mapping[str, Mapping[str, Column]] = {
    "accounts": ACCOUNTS,
    "parties": PARTIES,
    "instalments": INSTALMENTS,
    "payments": PAYMENTS,
    "contacts": CONTACTS,
    "holds": HOLDS,
}

# An empty one would quietly make the whole book disappear.
NEVER_EMPTY = frozenset({"accounts", "parties", "instalments"})
