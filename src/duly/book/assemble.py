"""The rows that stood the test become the frames of the book, each repeated for every person it concerns.

Pure. Takes rows as `relate` left them, in our columns and minor units. Refuses nothing: that was done before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl

from duly.book import columns
from duly.model import notice
from duly.model.account import HoldKind
from duly.model.party import LIABLE_BY_ROLE


def accounts(accounts: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """One row for each role of a person on an account, with the person's bucket."""
    persons = parties.select(pl.col("person").unique())
    buckets = pl.Series([notice.bucket(person) for person in persons["person"]], dtype=pl.Int32)
    liable_role = pl.col("role").is_in([role.value for role in LIABLE_BY_ROLE])
    heads = accounts.rename(
        {"rate": "rate_ppm", "overdue_rate": "overdue_ppm", "ledger_overdue": "ledger_overdue_minor"}
    ).drop("file", "line")
    rows = (
        parties.drop("file", "line")
        .join(heads, on="account")
        .join(persons.with_columns(bucket=buckets), on="person")
        .with_columns(pl.coalesce("liable", liable_role))
    )
    return rows.select(pl.col(name).cast(kind) for name, kind in columns.ACCOUNT.items())


def instalments(instalments: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Every instalment under each person of its account."""
    amounts = {f"{part}_minor": pl.col(part) for part in ("principal", "interest", "fee")}
    repeated = instalments.with_columns(**amounts).join(parties.select("person", "account"), on="account")
    return repeated.select(pl.col(name).cast(kind) for name, kind in columns.INSTALMENT.items())


def payments(payments: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Every payment under each person of its account."""
    repeated = payments.with_columns(amount_minor="amount").join(
        parties.select("person", "account"), on="account"
    )
    return repeated.select(pl.col(name).cast(kind) for name, kind in columns.PAYMENT.items())


def contacts(contacts: pl.DataFrame, blind: Callable[[str], str]) -> pl.DataFrame:
    """The contact points with their blind index, and whether somebody else has the same value."""
    keys = pl.Series([blind(value) for value in contacts["value"]], dtype=pl.String)
    keyed = contacts.with_columns(value_key=keys)
    shared = pl.col("person").n_unique().over("value_key") > 1
    return keyed.with_columns(shared=shared).select(
        pl.col(name).cast(kind) for name, kind in columns.CONTACT.items()
    )


def holds(holds: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """A hold on an account without a person bars each person on it."""
    on_person = holds.filter(pl.col("person").is_not_null())
    on_account = holds.filter(pl.col("person").is_null()).drop("person")
    spread = on_account.join(parties.select("person", "account"), on="account")
    return pl.concat([frame.select(list(columns.HOLD)) for frame in (on_person, spread)])


def protecting(left_out: pl.DataFrame, parties: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The holds on whatever a row that was left out speaks of.

    A debt of which a row is missing is not the debt, and a hold that could not be read is still a hold. A
    contact point that was left out harms nobody: it is not written to.
    """
    named = left_out.filter(pl.col("feed") != "contacts").explode("names").rename({"names": "name"})
    debts = named.join(parties.select("person", "account"), left_on="name", right_on="account")
    people = named.filter(pl.col("feed") == "holds").join(
        parties.select("person").unique(), left_on="name", right_on="person"
    )
    of_holds = pl.col("feed") == "holds"
    kind = (
        pl.when(of_holds)
        .then(pl.lit(HoldKind.MANUAL.value))
        .otherwise(pl.lit(HoldKind.AMOUNT_DISAGREES.value))
    )
    until, point = pl.lit(None, pl.Date), pl.lit(None, pl.String)
    common = {"point": point, "kind": kind, "since": pl.lit(as_of), "until": until}
    return pl.concat(
        [
            debts.select("person", account="name", **common),
            people.select(person="name", account=pl.lit(None, pl.String), **common),
        ]
    )
