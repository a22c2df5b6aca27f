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
from duly.model.notice import Grade
from duly.model.party import Channel, Consent, Place, PointState, Role
from duly.model.past import PastKind, Proof, Result


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
    "overdue_rate": Column(
        kind=Kind.RATE, says="yearly rate charged on overdue principal; by the uplift where absent"
    ),
    "uplift": Column(kind=Kind.RATE, says="by how much of itself the contract's rate rises when overdue"),
    "year_days": Column(kind=Kind.WORD, needed=True, words=_YEARS, says="the days that make a year"),
    "ledger_principal": Column(kind=Kind.MONEY, says="overdue principal by the lender's own ledger"),
    "ledger_interest": Column(kind=Kind.MONEY, says="overdue interest of the contract by that ledger"),
    "ledger_fee": Column(kind=Kind.MONEY, says="overdue fees by that ledger"),
    "ledger_penalty": Column(kind=Kind.MONEY, says="interest on overdue principal by that ledger"),
    "ledger_overdue": Column(kind=Kind.MONEY, says="what is overdue in all by that ledger"),
    "ledger_balance": Column(
        kind=Kind.MONEY, says="that and all principal still to fall due, by that ledger"
    ),
    "ledger_as_of": Column(kind=Kind.DAY, says="the day at whose end the ledger's figures held"),
    "suit_list": Column(kind=Kind.FLAG, default="false", says="whether counsel listed it for suit"),
    "day_count": Column(
        kind=Kind.WORD, words=columns.DAY_COUNTS, says="how days are counted; actual days where absent"
    ),
    "rounds": Column(
        kind=Kind.WORD, words=columns.ROUNDS, says="whether each segment is rounded, or their total"
    ),
    "compound_months": Column(
        kind=Kind.COUNT,
        says="every how many months unpaid interest begins to bear interest; never where absent",
    ),
    "grace_days": Column(kind=Kind.COUNT, says="how many days after the due date nothing is late"),
    "clause": Column(
        kind=Kind.WORD, words=columns.CLAUSES, says="the order of settling that the contract agrees"
    ),
    "cap": Column(kind=Kind.RATE, says="the highest yearly rate on what is overdue"),
    "all_in_cap": Column(kind=Kind.RATE, says="the highest yearly rate of all costs together"),
    "outside_charges": Column(
        kind=Kind.WORD,
        words=columns.OUTSIDE_CHARGES,
        says="whether others charged for the same credit: `none`, or `listed` in the feed `charges`",
    ),
}

INSTALMENTS: Mapping[str, Column] = {
    "account": Column(kind=Kind.ID, needed=True, says="the account"),
    "seq": Column(kind=Kind.COUNT, needed=True, says="the instalment's number within the account"),
    "due_on": Column(kind=Kind.DAY, needed=True, says="the due date"),
    "principal": Column(kind=Kind.MONEY, needed=True, says="principal due, as contracted"),
    "interest": Column(kind=Kind.MONEY, default="0", says="interest due, as contracted"),
    "fee": Column(kind=Kind.MONEY, default="0", says="fees due, as contracted"),
}

BOUNCED = "bounced"  # a kind of the lender's alone: in the book it is a reversal with a reason

PAYMENTS: Mapping[str, Column] = {
    "payment": Column(kind=Kind.ID, needed=True, says="the payment's id, unique in the book"),
    "account": Column(kind=Kind.ID, needed=True, says="the account it was paid on"),
    "paid_on": Column(kind=Kind.DAY, needed=True, says="the day on which it counts"),
    "amount": Column(kind=Kind.MONEY, needed=True, says="the amount, never negative"),
    "kind": Column(
        kind=Kind.WORD,
        default="payment",
        words=columns.PAYMENT_KINDS | {BOUNCED},
        says="payment, waiver, reversal, or bounced: a reversal by the bank, with its reason",
    ),
    "reverses": Column(kind=Kind.ID, says="the payment that is undone; a bounced one must name it"),
    "reason": Column(
        kind=Kind.WORD, words=columns.BOUNCES, says="why it was undone; a bounced one must say so"
    ),
    "toward": Column(kind=Kind.COUNT, says="the number of the instalment that the payer named"),
    "part": Column(
        kind=Kind.WORD, words=columns.PARTS, says="the part that is waived, or agreed to be paid first"
    ),
}

TERMS: Mapping[str, Column] = {
    "account": Column(kind=Kind.ID, needed=True, says="the account"),
    "since": Column(kind=Kind.DAY, needed=True, says="from which day"),
    "rate": Column(kind=Kind.RATE, needed=True, says="yearly rate of the contract from then on"),
    "overdue_rate": Column(
        kind=Kind.RATE, says="yearly rate charged on overdue principal; by the uplift where absent"
    ),
    "uplift": Column(kind=Kind.RATE, says="by how much of itself the contract's rate rises when overdue"),
}

STATUSES: Mapping[str, Column] = {
    "account": Column(kind=Kind.ID, needed=True, says="the account"),
    "since": Column(kind=Kind.DAY, needed=True, says="from which day"),
    "status": Column(kind=Kind.WORD, needed=True, words=_words(Status), says="what the account was then"),
}

CHARGES: Mapping[str, Column] = {
    "charge": Column(kind=Kind.ID, needed=True, says="the charge's id, unique in the book"),
    "account": Column(kind=Kind.ID, needed=True, says="the account whose credit it was charged for"),
    "charged_on": Column(kind=Kind.DAY, needed=True, says="the day on which it was charged"),
    "amount": Column(kind=Kind.MONEY, needed=True, says="the amount, charged elsewhere"),
}

STATEMENTS: Mapping[str, Column] = {
    "account": Column(kind=Kind.ID, needed=True, says="the card account"),
    "statement_on": Column(kind=Kind.DAY, needed=True, says="the day of the statement"),
    "due_on": Column(kind=Kind.DAY, needed=True, says="the last day to pay what it asks for"),
    "balance": Column(kind=Kind.MONEY, needed=True, says="all that is owed by the statement"),
    "minimum": Column(kind=Kind.MONEY, needed=True, says="the minimum payment it asks for"),
    "past_due": Column(
        kind=Kind.MONEY, default="0", says="what of the minimum earlier statements asked for already"
    ),
    "interest": Column(kind=Kind.MONEY, default="0", says="what of the rest is interest"),
    "fee": Column(kind=Kind.MONEY, default="0", says="what of the rest is fees"),
}

REAGES: Mapping[str, Column] = {
    "account": Column(kind=Kind.ID, needed=True, says="the account"),
    "reaged_on": Column(kind=Kind.DAY, needed=True, says="the day on which the lender re-aged it"),
    "counts_from": Column(
        kind=Kind.DAY,
        says="the first due date that the lender's own count considers since then; that day where absent",
    ),
    "kind": Column(
        kind=Kind.WORD, default="restructured", words=columns.REAGE_KINDS, says="what the lender did"
    ),
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
    "terms": TERMS,
    "statuses": STATUSES,
    "charges": CHARGES,
    "statements": STATEMENTS,
    "reages": REAGES,
}

# Without a word about them there are none: most lenders' contracts never change.
OPTIONAL = frozenset({"terms", "statuses", "charges", "statements", "reages"})

# An empty one would quietly make the whole book disappear.
NEVER_EMPTY = frozenset({"accounts", "parties", "instalments"})

# What the system did that was used before. It is no part of the book: `history` reads it.
HISTORY: Mapping[str, Column] = {
    "source": Column(kind=Kind.ID, needed=True, says="the system it comes from"),
    "reference": Column(kind=Kind.ID, needed=True, says="its id there, unique with the source"),
    "kind": Column(kind=Kind.WORD, needed=True, words=_words(PastKind), says="what happened"),
    "day": Column(kind=Kind.DAY, needed=True, says="the day on which it happened"),
    "time": Column(
        kind=Kind.TEXT,
        pattern=r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?",
        says="the time of day; the last second of the day where absent",
    ),
    "zone": Column(kind=Kind.ZONES, says="the IANA zone of day and time; that of the project where absent"),
    "person": Column(kind=Kind.ID, says="with whom; everybody liable on the account where absent"),
    "account": Column(kind=Kind.ID, says="about which account; all of the person's where absent"),
    "channel": Column(kind=Kind.WORD, words=_words(Channel), says="by which channel"),
    "number": Column(kind=Kind.TEXT, says="the number or address (its blind index only)"),
    "point": Column(kind=Kind.ID, says="or the contact point of the book"),
    "result": Column(kind=Kind.WORD, words=_words(Result), says="what came of an attempt"),
    "notice": Column(kind=Kind.ID, says="the notice's or stage's name in the other system"),
    "text_ref": Column(kind=Kind.TEXT, says="where the text is kept"),
    "arrival": Column(kind=Kind.WORD, words=_words(Grade), says="how far a notice or demand came"),
    "arrived_on": Column(kind=Kind.DAY, says="the day on which it arrived; `day` where absent"),
    "proof": Column(
        kind=Kind.WORD, default="asserted", words=_words(Proof), says="what there is to show for it"
    ),
    "proof_ref": Column(kind=Kind.TEXT, says="where receipt, signature or recording is kept"),
    "until": Column(
        kind=Kind.DAY, says="the day a dispute or complaint ended, or by which was promised to pay"
    ),
}

# Every feed that book.yaml may describe.
EVERY: Mapping[str, Mapping[str, Column]] = {**FEEDS, "history": HISTORY}
