"""The rows that stood the test become the frames of the book, each repeated for every person it concerns.

Pure. Takes rows as `relate` left them, in our columns and minor units. Refuses nothing: that was done before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl

from duly.book import agree, columns
from duly.model import notice
from duly.model.account import HoldKind
from duly.model.party import LIABLE_BY_ROLE

LIABLE_ROLE = pl.col("role").is_in([role.value for role in LIABLE_BY_ROLE])


def buckets(parties: pl.DataFrame) -> pl.DataFrame:
    """Each person with the bucket: `person` and `bucket`."""
    persons = parties["person"].unique()
    return pl.DataFrame(
        {"person": persons, "bucket": pl.Series(notice.buckets(persons), dtype=pl.Int32)},
    )


def accounts(accounts: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """One row for each role of a person on an account; `parties` have the person's `bucket`."""
    heads = accounts.rename(
        {
            "rate": "rate_ppm",
            "overdue_rate": "overdue_ppm",
            "cap": "cap_ppm",
            "all_in_cap": "all_in_cap_ppm",
        }
        | {each.fed: each.theirs for each in agree.COMPONENTS}
    )
    rows = parties.join(heads, on="account").with_columns(pl.coalesce("liable", LIABLE_ROLE))
    return rows.select(pl.col(name).cast(kind) for name, kind in columns.ACCOUNT.items())


def instalments(instalments: pl.DataFrame, asked_for: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Every instalment under each person of its account, and what statements ask for (`asked_for`)."""
    known = ("account", "seq", "due_on", "principal", "interest", "fee")
    all_rows = pl.concat([instalments.select(known), asked_for.select(known)])
    amounts = {f"{part}_minor": pl.col(part) for part in ("principal", "interest", "fee")}
    return _repeated(all_rows.with_columns(**amounts), parties, columns.INSTALMENT)


def asked_for(statements: pl.DataFrame) -> pl.DataFrame:
    """The statements as instalments: each asks for its minimum payment, less what was asked for before.

    With `seq`, counted from 1 in the order of the statements of an account.
    """
    asked = pl.col("minimum") - pl.sum_horizontal("past_due", "interest", "fee")
    place = pl.col("statement_on").rank("ordinal").over("account").cast(pl.Int32)
    return statements.with_columns(principal=asked, seq=place)


def payments(payments: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Every payment under each person of its account."""
    return _repeated(payments.with_columns(amount_minor="amount"), parties, columns.PAYMENT)


def terms(terms: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Every change of a contract's rates under each person of its account."""
    named = terms.rename({"rate": "rate_ppm", "overdue_rate": "overdue_ppm", "uplift": "uplift_ppm"})
    return _repeated(named, parties, columns.TERM)


def statuses(statuses: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Every status under each person of its account."""
    return _repeated(statuses, parties, columns.STATUS)


def charges(charges: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Every charge made elsewhere under each person of its account."""
    return _repeated(charges.with_columns(amount_minor="amount"), parties, columns.CHARGE)


def reages(reages: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Every re-ageing under each person of its account; the lender counts from its day where it names no other."""
    named = reages.with_columns(counts_from=pl.coalesce("counts_from", "reaged_on"))
    return _repeated(named, parties, columns.REAGE)


def statements(statements: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Every statement under each person of its account."""
    named = {f"{part}_minor": pl.col(part) for part in ("balance", "minimum", "past_due")}
    return _repeated(asked_for(statements).with_columns(**named), parties, columns.STATEMENT)


def _repeated(rows: pl.DataFrame, parties: pl.DataFrame, schema: columns.Schema) -> pl.DataFrame:
    joined = rows.join(parties.select("person", "account"), on="account")
    return joined.select(pl.col(name).cast(kind) for name, kind in schema.items())


def contacts(contacts: pl.DataFrame, blind: Callable[[str], str]) -> pl.DataFrame:
    """The contact points with their blind index, and whether somebody else has the same value."""
    values = contacts["value"].unique()
    keys = pl.DataFrame({"value": values, "value_key": pl.Series(map(blind, values), dtype=pl.String)})
    keyed = contacts.join(keys, on="value", how="left", maintain_order="left")
    # Most values stand once, and need no comparison.
    again = keyed.select("value_key", "person").filter(pl.col("value_key").is_duplicated())
    several = again.group_by("value_key").agg(pl.col("person").n_unique()).filter(pl.col("person") > 1)
    shared = pl.col("value_key").is_in(several["value_key"].implode())
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
