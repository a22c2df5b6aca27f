"""The columns of the book: which frames there are, what each column is called and what it holds.

Every frame is keyed by person (DESIGN D4): the rows of one account are repeated for each person who has a
role on it, so that a set of whole persons can be decided without looking at any other.
Refuses names, numbers and addresses: a frame here holds ids, dates, amounts and states, nothing personal.
Money is int64 minor units of the account's currency, rates are integer parts per million, dates are dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property

import polars as pl

from duly.book import runs

Schema = Mapping[str, pl.DataType]

# Raised when a snapshot written before can no longer be read as it is.
SCHEMA_VERSION = 3

ACCOUNT: Schema = {
    "person": pl.String(),
    "bucket": pl.Int32(),  # model.notice.bucket(person)
    "account": pl.String(),
    "role": pl.String(),  # model.party.Role
    "liable": pl.Boolean(),
    "creditor": pl.String(),
    "servicer": pl.String(),
    "brand": pl.String(),
    "product": pl.String(),  # PRODUCTS
    "currency": pl.String(),  # model.money.EXPONENT
    "jurisdiction": pl.String(),
    "debt_class": pl.String(),
    "locale": pl.String(),
    "zones": pl.List(pl.String()),  # the IANA zones the person may be in; empty where unknown
    "status": pl.String(),  # model.account.Status
    "status_since": pl.Date(),
    "tail": pl.String(),  # last four characters of the contract number
    "contract_on": pl.Date(),
    "rate_ppm": pl.Int64(),  # yearly rate of the contract
    "overdue_ppm": pl.Int64(),  # yearly rate charged on overdue principal
    "year_days": pl.Int32(),  # 360 or 365
    "ledger_principal_minor": pl.Int64(),  # the lender's own figures, each null where it gave none
    "ledger_interest_minor": pl.Int64(),
    "ledger_fee_minor": pl.Int64(),
    "ledger_penalty_minor": pl.Int64(),
    "ledger_overdue_minor": pl.Int64(),
    "ledger_balance_minor": pl.Int64(),
    "ledger_as_of": pl.Date(),  # the day at whose end the lender's figures held
    "suit_list": pl.Boolean(),
    # What the contract says beyond that; null is the plain case, and most accounts have nothing here.
    "day_count": pl.String(),  # DAY_COUNTS; null: actual days over `year_days`
    "rounds": pl.String(),  # ROUNDS; null: each segment
    "compound_months": pl.Int32(),  # unpaid interest bears interest every so many months; null: never
    "grace_days": pl.Int32(),  # so long after the due date nothing is late; null: none
    "clause": pl.String(),  # the contract's own order of settling; null: the order of the law
    "cap_ppm": pl.Int64(),  # the highest yearly rate on what is overdue; null: none
    "all_in_cap_ppm": pl.Int64(),  # the highest yearly rate of all costs together; null: none
    "outside_charges": pl.String(),  # OUTSIDE_CHARGES; null: nobody said
}

INSTALMENT: Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "seq": pl.Int32(),
    "due_on": pl.Date(),
    "principal_minor": pl.Int64(),
    "interest_minor": pl.Int64(),
    "fee_minor": pl.Int64(),
}

# A reversal has a positive amount and undoes: its `payment` is the id of the payment it undoes where the
# lender says so, and an id of its own where not.
PAYMENT: Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "payment": pl.String(),
    "paid_on": pl.Date(),
    "amount_minor": pl.Int64(),
    "kind": pl.String(),  # PAYMENT_KINDS
    "toward": pl.Int32(),  # the instalment (`seq`) that the payer named; null: none
    "part": pl.String(),  # PARTS: what alone is waived, or what was agreed to be paid first; null: any
    "reason": pl.String(),  # BOUNCES: why a payment was undone, where the bank said so; else null
}

# The rates of a contract from a day on, where they changed; before the first row those of ACCOUNT hold.
TERM: Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "since": pl.Date(),
    "rate_ppm": pl.Int64(),
    "overdue_ppm": pl.Int64(),
    "uplift_ppm": pl.Int64(),  # by how much the second lies above the first, where it was agreed so
}

# Every status an account ever had, where the lender keeps them.
STATUS: Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "since": pl.Date(),
    "status": pl.String(),  # model.account.Status
}

# What the debtor was charged elsewhere for the same credit: not owed to us, but part of what it costs.
CHARGE: Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "charge": pl.String(),
    "charged_on": pl.Date(),
    "amount_minor": pl.Int64(),
}

# From which due date on the lender counts anew, since it restructured, deferred or extended what is owed. It is the
# lender's own count beside that of the contract, and changes nothing of what is owed, or of any clock.
REAGE: Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "reaged_on": pl.Date(),
    "counts_from": pl.Date(),
    "kind": pl.String(),  # REAGE_KINDS
}

# A card's statements; each asks for what it asks for beyond `past_due_minor`, which earlier ones asked for.
STATEMENT: Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "seq": pl.Int32(),  # the instalment that the statement stands behind
    "statement_on": pl.Date(),
    "due_on": pl.Date(),
    "balance_minor": pl.Int64(),
    "minimum_minor": pl.Int64(),
    "past_due_minor": pl.Int64(),
}

CONTACT: Schema = {
    "person": pl.String(),
    "point": pl.String(),
    "channel": pl.String(),  # model.party.Channel
    "value_key": pl.String(),  # keyed blind index in hex, never the value
    "source": pl.String(),
    "state": pl.String(),  # model.party.PointState
    "consent": pl.String(),  # model.party.Consent
    "verified_on": pl.Date(),
    "agreed_for_service": pl.Boolean(),
    "rank": pl.Int32(),  # the smaller is tried first
    "place": pl.String(),  # model.party.Place; null where it is not recorded
    "shared": pl.Boolean(),  # the same value stands under another person
}

HOLD: Schema = {
    "person": pl.String(),
    "account": pl.String(),  # null: all accounts of the person
    "point": pl.String(),  # null: all contact points of the person
    "kind": pl.String(),  # model.account.HoldKind
    "since": pl.Date(),
    "until": pl.Date(),  # exclusive; null while it stands
}

# What happened since the snapshot, in the order it was recorded.
EVENT: Schema = {
    "seq": pl.Int64(),
    "at": pl.Datetime("us", "UTC"),
    "kind": pl.String(),  # EVENT_KINDS
    "person": pl.String(),
    "account": pl.String(),
    "point": pl.String(),
    "amount_minor": pl.Int64(),
    "on_date": pl.Date(),
    "detail": pl.String(),
    "ref": pl.String(),
}

# One component of an account, ours beside the lender's on the lender's day; `beyond` the tolerance or not.
BESIDE = pl.Struct(
    {"component": pl.String(), "ours_minor": pl.Int64(), "theirs_minor": pl.Int64(), "beyond": pl.Boolean()}
)

ARREARS: Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "dpd": pl.Int32(),
    "dpd_bucket": pl.String(),
    "first_unpaid_on": pl.Date(),
    "episode_on": pl.Date(),
    "next_due_on": pl.Date(),
    "next_due_minor": pl.Int64(),
    "principal_minor": pl.Int64(),
    "interest_minor": pl.Int64(),
    "fee_minor": pl.Int64(),
    "penalty_minor": pl.Int64(),
    "overdue_minor": pl.Int64(),
    "ledger_difference_minor": pl.Int64(),
    "agrees": pl.Boolean(),
    "beside": pl.List(BESIDE),  # every component compared, of an account that does not agree; else null
    "cured": pl.Boolean(),
    "total_minor": pl.Int64(),  # all that is owed: overdue, and what of the principal is yet to fall due
    "barred_minor": pl.Int64(),  # reckoned, but beyond the ceiling of all costs: neither overdue nor in the total
    "lacks": pl.String(),  # LACKS: the fact for want of which the figures are not to be used; null: none
}

PRODUCTS = frozenset({"cash_loan", "card"})
PAYMENT_KINDS = frozenset({"payment", "reversal", "waiver"})
YEAR_DAYS = frozenset({360, 365})
DAY_COUNTS = frozenset({"actual/365", "actual/360", "30/360", "30E/360"})
ROUNDS = frozenset({"segment", "total"})
OUTSIDE_CHARGES = frozenset({"none", "listed"})
BOUNCES = frozenset(
    {
        "insufficient_funds",
        "account_closed",
        "wrong_details",
        "no_mandate",
        "refused_by_payer",
        "recalled",
        "other",
    }
)
PARTS = frozenset({"fee", "interest", "penalty", "principal"})
REAGE_KINDS = frozenset({"restructured", "deferred", "extended"})
CLAUSES = frozenset({"principal_first", "principal_first_from_91"})
LACKS = frozenset({"outside_charges", "contract_on", "card_costs", "beyond_bounds"})
EVENT_KINDS = frozenset(
    {
        "payment",
        "reversal",
        "hold_set",
        "hold_lifted",
        "contact_state",
        "consent",
        "balance",
        "status",
        "suit_list",
    }
)

# The order that makes equal books equal bytes.
SORTED_BY: Mapping[str, tuple[str, ...]] = {
    "accounts": ("bucket", "person", "account"),
    "instalments": ("person", "account", "due_on", "seq"),
    "payments": ("person", "account", "paid_on", "payment", "kind"),
    "contacts": ("person", "rank", "point"),
    "holds": ("person", "account", "point", "kind", "since", "until"),
    "terms": ("person", "account", "since"),
    "statuses": ("person", "account", "since", "status"),
    "charges": ("person", "account", "charged_on", "charge"),
    "statements": ("person", "account", "statement_on", "seq"),
    "reages": ("person", "account", "reaged_on"),
}

FRAMES: Mapping[str, Schema] = {
    "accounts": ACCOUNT,
    "instalments": INSTALMENT,
    "payments": PAYMENT,
    "contacts": CONTACT,
    "holds": HOLD,
    "terms": TERM,
    "statuses": STATUS,
    "charges": CHARGE,
    "statements": STATEMENT,
    "reages": REAGE,
}


def nothing(name: str) -> pl.DataFrame:
    """The frame `name` without a row."""
    return pl.DataFrame(schema=dict(FRAMES[name]))


@dataclass(frozen=True, kw_only=True)
class Book:
    """What is owed by whom and how they are reached: frames of whole persons, the last five often empty."""

    accounts: pl.DataFrame
    instalments: pl.DataFrame
    payments: pl.DataFrame
    contacts: pl.DataFrame
    holds: pl.DataFrame
    terms: pl.DataFrame = field(default_factory=lambda: nothing("terms"))
    statuses: pl.DataFrame = field(default_factory=lambda: nothing("statuses"))
    charges: pl.DataFrame = field(default_factory=lambda: nothing("charges"))
    statements: pl.DataFrame = field(default_factory=lambda: nothing("statements"))
    reages: pl.DataFrame = field(default_factory=lambda: nothing("reages"))

    def frames(self) -> dict[str, pl.DataFrame]:
        """The frames by name, in the order of `FRAMES`."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @cached_property
    def runs(self) -> Mapping[str, pl.DataFrame]:
        """Of each frame that says something of accounts, where the rows of each stand (`runs.of`)."""
        of_accounts = (name for name in FRAMES if name not in {"accounts", "contacts", "holds"})
        return {name: runs.of(getattr(self, name), ("person", "account")) for name in of_accounts}


def empty() -> Book:
    """A book of nobody, with every column."""
    return Book(**{name: nothing(name) for name in FRAMES})


def validate(book: Book) -> None:
    """Raise ValueError unless each frame has exactly its columns, in order, of the right types.

    A frame is made by our own code, so a wrong one is our defect and not the user's mistake.
    """
    for name, frame in book.frames().items():
        conform(name, frame, FRAMES[name])


def conform(name: str, frame: pl.DataFrame, schema: Schema) -> None:
    """Raise ValueError unless `frame` has exactly the columns of `schema`, in order, of the right types."""
    wanted = dict(schema)
    found = dict(frame.schema)
    if list(found) != list(wanted):
        missing = [column for column in wanted if column not in found]
        extra = [column for column in found if column not in wanted]
        raise ValueError(f"{name}: columns missing {missing}, unknown {extra}, or out of order")
    wrong = [
        f"{column} is {found[column]}, not {wanted[column]}"
        for column in wanted
        if found[column] != wanted[column]
    ]
    if wrong:
        raise ValueError(f"{name}: {'; '.join(wrong)}")


def arrange(book: Book) -> Book:
    """The same book in the one order of `SORTED_BY`, so that equal books are equal row by row."""
    return Book(
        **{name: frame.sort(*SORTED_BY[name], nulls_last=False) for name, frame in book.frames().items()}
    )
