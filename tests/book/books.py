"""Small books written by hand: rows with only what a test is about, the rest plausible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from duly.book import columns
from duly.book.columns import Book
from duly.model import notice

Row = Mapping[str, object]


def account(person: str = "P1", account: str = "A1", **changes: object) -> dict[str, object]:
    """One row of ACCOUNT."""
    return {
        "person": person,
        "bucket": notice.bucket(person),
        "account": account,
        "role": "borrower",
        "liable": True,
        "creditor": "acme",
        "servicer": "serva",
        "brand": "Acme",
        "product": "cash_loan",
        "currency": "CNY",
        "jurisdiction": "CN",
        "debt_class": "consumer",
        "locale": "zh-CN",
        "zones": ["Asia/Shanghai"],
        "status": "current",
        "status_since": date(2026, 1, 1),
        "tail": "0001",
        "contract_on": date(2026, 1, 1),
        "rate_ppm": 180_000,
        "overdue_ppm": 182_500,
        "year_days": 365,
        "ledger_principal_minor": None,
        "ledger_interest_minor": None,
        "ledger_fee_minor": None,
        "ledger_penalty_minor": None,
        "ledger_overdue_minor": None,
        "ledger_balance_minor": None,
        "ledger_as_of": None,
        "suit_list": False,
        "day_count": None,
        "rounds": None,
        "compound_months": None,
        "grace_days": None,
        "clause": None,
        "cap_ppm": None,
        "all_in_cap_ppm": None,
        "outside_charges": None,
    } | changes


def instalment(
    due_on: date, principal: int = 100_000, interest: int = 0, fee: int = 0, seq: int = 1, **changes: object
) -> dict[str, object]:
    """One row of INSTALMENT, of account A1 and person P1 unless changed."""
    return {
        "person": "P1",
        "account": "A1",
        "seq": seq,
        "due_on": due_on,
        "principal_minor": principal,
        "interest_minor": interest,
        "fee_minor": fee,
    } | changes


def payment(
    paid_on: date, amount: int, name: str = "y1", kind: str = "payment", **changes: object
) -> dict[str, object]:
    """One row of PAYMENT, of account A1 and person P1 unless changed."""
    return {
        "person": "P1",
        "account": "A1",
        "payment": name,
        "paid_on": paid_on,
        "amount_minor": amount,
        "kind": kind,
        "toward": None,
        "part": None,
        "reason": None,
    } | changes


def of_account(**row: object) -> dict[str, object]:
    """One row of TERM, STATUS, CHARGE or STATEMENT, of account A1 and person P1 unless changed."""
    return {"person": "P1", "account": "A1"} | row


def contact(person: str = "P1", point: str = "P1-s1", **changes: object) -> dict[str, object]:
    """One row of CONTACT."""
    return {
        "person": person,
        "point": point,
        "channel": "sms",
        "value_key": "aa",
        "source": "contract",
        "state": "ok",
        "consent": "given",
        "verified_on": None,
        "agreed_for_service": False,
        "rank": 0,
        "place": None,
        "shared": False,
    } | changes


def hold(person: str = "P1", **changes: object) -> dict[str, object]:
    """One row of HOLD."""
    return {
        "person": person,
        "account": None,
        "point": None,
        "kind": "dispute",
        "since": date(2026, 3, 1),
        "until": None,
    } | changes


def book(
    accounts: Sequence[Row] = (),
    instalments: Sequence[Row] = (),
    payments: Sequence[Row] = (),
    contacts: Sequence[Row] = (),
    holds: Sequence[Row] = (),
    terms: Sequence[Row] = (),
    statuses: Sequence[Row] = (),
    charges: Sequence[Row] = (),
    statements: Sequence[Row] = (),
    reages: Sequence[Row] = (),
) -> Book:
    """A book of these rows, arranged."""
    rows = {
        "accounts": accounts,
        "instalments": instalments,
        "payments": payments,
        "contacts": contacts,
        "holds": holds,
        "terms": terms,
        "statuses": statuses,
        "charges": charges,
        "statements": statements,
        "reages": reages,
    }
    frames = {
        name: pl.DataFrame(list(rows[name]), schema=dict(schema)) for name, schema in columns.FRAMES.items()
    }
    return columns.arrange(Book(**frames))


def event(seq: int, kind: str, **changes: object) -> dict[str, object]:
    """One row of EVENT without its instant."""
    return {"seq": seq, "kind": kind} | changes


def events(*rows: Row) -> pl.DataFrame:
    """An EVENT frame of these rows."""
    return pl.DataFrame(list(rows), schema=dict(columns.EVENT))
